"""Pieces of figures; importing this folder loads matplotlib, so do it inside `figure_settings()`.

Begin with `Canvas` in ``_canvas.py``. ``_forest.py``, ``_ranked_plot.py`` and ``_lines.py`` draw
on it.
"""
