"""Section of the page on which source task helped which prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polytask.report._figure import Figure
from polytask.report._format import number, percent, plural
from polytask.report._section import Section, SectionTable
from polytask.report._task_map import columns_figure

__all__ = ["sources_section"]

_MOST_ROWS = 60


def sources_section(record: Mapping[str, Any]) -> Section:
    """Heat map of tasks × source tasks, all pairs, and single predictions."""
    return Section(
        "sources",
        "Which source task helped which prediction",
        record["words"],
        [_map(record)],
        [_pairs(record), _rows(record)],
    )


def _map(record: Mapping[str, Any]) -> Figure:
    known = {(one["task"], one["source"]): one["gain"] for one in record["effects"]}
    gains = [[known.get((i, j)) for j in record["sources"]] for i in record["tasks"]]
    return columns_figure(
        record["tasks"],
        record["sources"],
        100 * np.array(gains, dtype=np.float64),
        "Gain of each task by the labels of another, in the network of all",
        "gain, %",
        "Rows are the tasks that are predicted, columns the tasks that were left out; light is more help.",
        "sources",
        "+.1f",
    )


def _pairs(record: Mapping[str, Any]) -> SectionTable:
    ordered = sorted(record["effects"], key=lambda one: -abs(one["gain"] or 0.0))
    rows = [
        (
            one["task"],
            one["source"],
            "undefined" if one["gain"] is None else percent(one["gain"], 2, signed=True),
            "–"
            if not one["interval"]
            else " … ".join(percent(end, 2, signed=True) for end in one["interval"]),
            "–" if one["p_corrected"] is None else f"{one['p_corrected']:.2g}",
            "–" if one["helped"] is None else percent(one["helped"], 0),
        )
        for one in ordered
    ]
    return SectionTable(
        "Gain of each task by another",
        ("task", "left out", "gain", "interval", "p corrected", "rows helped"),
        rows[:_MOST_ROWS],
        _left_out(len(rows)),
        2,
    )


def _rows(record: Mapping[str, Any]) -> SectionTable:
    ordered = sorted(record["extremes"], key=lambda one: -one["value"])
    several = len({one["table"] for one in ordered}) > 1
    rows = [
        (
            one["task"],
            f"{one['table']}: {one['row']}" if several else str(one["row"]),
            one["source"],
            number(one["value"], 3, signed=True),
            record["metrics"].get(one["task"], ""),
            f"{one['agreeing']} of {record['n_rounds']}",
        )
        for one in ordered
    ]
    shown = (
        rows if len(rows) <= _MOST_ROWS else [*rows[: _MOST_ROWS // 2], *rows[-_MOST_ROWS // 2 :]]
    )
    return SectionTable(
        "Predictions that were helped and harmed most",
        ("task", "row", "by", "help", "measured in", "trainings with this sign"),
        shown,
        _left_out(len(rows)),
        3,
    )


def _left_out(n_rows: int) -> str:
    more = plural(n_rows - _MOST_ROWS, "further row")
    return f"… and {more}; sources.json has all." if n_rows > _MOST_ROWS else ""
