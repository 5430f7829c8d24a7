"""Rendering of an analysis or a grouping as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from polytask._files import write_text
from polytask.report._matplotlib import figure_settings
from polytask.report._relations_view import relations_record, relations_view
from polytask.report._render import COLUMNS, page_environment

__all__ = ["render_relations", "write_relations"]

_NOTHING: Mapping[str, Any] = {"transfer": None, "affinities": (), "agreement": {}}
"""The record of a page that shows further analyses alone."""


def render_relations(record: object, also: Sequence[object] = ()) -> str:
    """Render how tasks are related as one self-contained HTML page.

    Parameters
    ----------
    record : Analysis, TransferMap, Grouping, record of a further analysis, or mapping
        A record, or the result of its `to_dict`.
    also : sequence of records or mappings, optional
        Further analyses of the same data, each shown in a section of its own.

    Returns
    -------
    str
        HTML with styles and figures inside; opening it fetches nothing.

    Raises
    ------
    ParameterError
        If `record` or one of `also` is something else.

    Examples
    --------
    >>> from polytask.report import render_relations
    >>> affinity = {"name": "mine", "tasks": ["a", "b"], "values": [[None, 0.5], [0.5, None]]}
    >>> affinity |= {"threshold": 0.0, "seconds": 1.0, "n_networks": 2, "notes": []}
    >>> record = {"transfer": None, "affinities": [affinity], "agreement": {}}
    >>> "Affinity: mine" in render_relations(record)
    True
    """
    from polytask.report._sections import has_section, section_of  # which load matplotlib

    alone = has_section(record)
    plain = _NOTHING if alone else relations_record(record)
    also = (record, *also) if alone else also
    with figure_settings():
        from polytask.report._relations_figures import relations_figures

        figures = relations_figures(plain)
        sections = [section_of(further) for further in also]
    template = page_environment().get_template("relations.html.j2")
    view = relations_view(plain)
    if alone:
        view = replace(view, headline=sections[0].title)
    return template.render(view=view, figures=figures, sections=sections, columns=COLUMNS)


def write_relations(record: object, path: str | Path, also: Sequence[object] = ()) -> Path:
    """Write `render_relations(record, also)` to `path`, completely or not at all.

    Parameters
    ----------
    record : Analysis, TransferMap, Grouping, record of a further analysis, or mapping
    path : str or Path
        The HTML file to create or replace.
    also : sequence of records or mappings, optional
        Further analyses of the same data.

    Returns
    -------
    Path
        The file written.
    """
    path = Path(path)
    write_text(path, render_relations(record, also))
    return path
