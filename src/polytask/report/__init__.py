"""Reports: the record of a comparison as one HTML file that opens offline.

Begin with ``_render.py``. Each ``…_view.py`` reads the record of one section of the page, each
``…_figures.py`` draws its figures with the pieces of ``_drawing``, and ``templates`` hold the HTML.
"""

from polytask.report._relations import render_relations, write_relations
from polytask.report._render import render, write_report

__all__ = ["render", "render_relations", "write_relations", "write_report"]
