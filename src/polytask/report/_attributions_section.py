"""Section of the page on which columns each task looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polytask.report._figure import Figure
from polytask.report._format import number, percent, plural
from polytask.report._relations_figures import matrix_figure
from polytask.report._section import Section, SectionTable
from polytask.report._task_map import columns_figure

__all__ = ["attributions_section"]

_MOST_COLUMNS = 20
_MOST_ROWS = 100
_TOP = 5


def attributions_section(record: Mapping[str, Any]) -> Section:
    """Heat map of tasks × columns, the most important columns of every task, and the overlap."""
    shares = np.array(record["shares"], dtype=float)
    name = str(record["method"]).replace("_", " ")
    key = str(record["method"])
    figures = [_map(record, shares, name, key)]
    if len(record["tasks"]) > 1:
        overlap = np.array(record["overlap"], dtype=float)
        np.fill_diagonal(overlap, np.nan)
        figures.append(
            matrix_figure(
                f"Overlap of the tasks' importances ({name})",
                "overlap",
                record["tasks"],
                overlap,
                None,
                ".2f",
                f"{key}-overlap",
                "Weighted Jaccard overlap of the shares: 1 where two tasks look at the same columns to the "
                "same extent, 0 where they have none in common. Tasks stand in the order of the tree.",
            )
        )
    return Section(
        key, f"What each task looks at: {name}", record["words"], figures, [_table(record, shares)]
    )


def _map(record: Mapping[str, Any], shares: np.ndarray, name: str, key: str) -> Figure:
    order = np.argsort(-np.nan_to_num(shares).sum(axis=0), kind="stable")[:_MOST_COLUMNS]
    columns = [record["columns"][j] for j in order]
    more = len(record["columns"]) - len(columns)
    are = "is" if more == 1 else "are"
    left_out = (
        f" The {plural(more, 'column')} of the smallest shares {are} left out." if more else ""
    )
    return columns_figure(
        record["tasks"],
        columns,
        100 * shares[:, order],
        f"Share of each column in the importances of a task ({name})",
        "share, %",
        f"Rows are tasks, columns are inputs; light is more. Shares of a task sum to 100 %.{left_out}",
        key,
    )


def _table(record: Mapping[str, Any], shares: np.ndarray) -> SectionTable:
    """The most important columns of every task, with intervals."""
    rows: list[Sequence[str]] = []
    for i, task in enumerate(record["tasks"]):
        values = np.array(record["importance"][i], dtype=np.float64)
        order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:_TOP]
        rows += [_row(record, shares, task, i, int(j)) for j in order if np.isfinite(values[j])]
    more = len(rows) - _MOST_ROWS
    return SectionTable(
        f"The most important columns of each task ({str(record['method']).replace('_', ' ')})",
        ("task", "column", "importance", "interval", "share", "measured in"),
        rows[:_MOST_ROWS],
        f"… and {plural(more, 'further row')}; the JSON file beside this page has all."
        if more > 0
        else "",
        2,
    )


def _row(
    record: Mapping[str, Any], shares: np.ndarray, task: str, i: int, j: int
) -> tuple[str, ...]:
    value, low, high = (record[name][i][j] for name in ("importance", "low", "high"))
    between = "–" if low is None else f"{_number(low)} … {_number(high)}"
    share = "–" if not np.isfinite(shares[i, j]) else percent(float(shares[i, j]), 0)
    return (
        task,
        record["columns"][j],
        _number(value),
        between,
        share,
        record["scales"].get(task, ""),
    )


def _number(value: float) -> str:
    digits = 3 if value == 0 else int(np.clip(2 - np.floor(np.log10(abs(value))), 0, 4))
    return number(value, digits)
