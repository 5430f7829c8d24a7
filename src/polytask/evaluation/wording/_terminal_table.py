"""The comparison as a table for terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polytask.evaluation.wording._words import percent, telling_apart, with_interval

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["plain_table", "rich_table", "table_rows"]

_MOST_TASKS = 6


def table_rows(comparison: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: every learner with its headline metrics, Δm, parameters and seconds.

    With many tasks, their columns give way to the number of tasks that joint training helped
    and hurt.
    """
    tasks = comparison["study"]["tasks"]
    many = len(tasks) > _MOST_TASKS
    shown = ["helped / hurt"] if many else [_head(task) for task in tasks]
    head = ["learner", *shown, f"Δm over {comparison['baseline']}", "parameters", "seconds"]
    differences = {difference["learner"]: difference for difference in comparison["differences"]}
    least = {task["name"]: _least(comparison, task) for task in tasks}
    rows = []
    for learner in comparison["learners"]:
        cells = (
            [_counts(differences.get(learner["name"]))]
            if many
            else [_cell(learner, task, least[task["name"]]) for task in tasks]
        )
        costs = [f"{learner['n_parameters']:,}", f"{learner['seconds_tuning']:.1f}"]
        rows.append([_name(learner, comparison), *cells, _delta(learner["delta_m"]), *costs])
    return head, rows


def _name(learner: Mapping[str, Any], comparison: Mapping[str, Any]) -> str:
    recommended = learner["name"] == comparison["recommended"]["learner"]
    return f"{learner['name']} ←" if recommended else learner["name"]


def _head(task: Mapping[str, Any]) -> str:
    label = task["labels"][task["metric"]]
    direction = "↑" if task["greater_is_better"][task["metric"]] else "↓"
    aside = " (auxiliary)" if task["role"] == "auxiliary" else ""
    return f"{task['name']}{aside}, {label} {direction}"


def _found(learner: Mapping[str, Any], task: Mapping[str, Any]) -> Mapping[str, Any]:
    estimate: Mapping[str, Any] = learner["tasks"][task["name"]][task["metric"]]
    return estimate


def _least(comparison: Mapping[str, Any], task: Mapping[str, Any]) -> int:
    return telling_apart(_found(learner, task)["value"] for learner in comparison["learners"])


def _cell(learner: Mapping[str, Any], task: Mapping[str, Any], least: int) -> str:
    estimate = _found(learner, task)
    if estimate["value"] is None:
        return "undefined"
    return with_interval(estimate["value"], estimate["interval"], least=least)


def _counts(difference: Mapping[str, Any] | None) -> str:
    if difference is None:
        return "–"
    counts = difference["counts"]
    return f"{counts['helped']} / {counts['hurt']}"


def _delta(delta: Mapping[str, Any] | None) -> str:
    if delta is None:
        return "–"
    if delta["value"] is None:
        return "undefined"
    if delta["dominant"] is None or delta["geometric"] is None:
        return percent(delta["value"], delta["interval"])
    return f"{percent(delta['geometric'], delta['geometric_interval'])} (geometric)"


def rich_table(comparison: Mapping[str, Any]) -> Table:
    """The table for terminals."""
    from rich.table import Table
    from rich.text import Text

    head, rows = table_rows(comparison)
    chosen = comparison["recommended"]["learner"] is not None
    caption = "← the model to use, chosen by validation rows" if chosen else None
    table = Table(caption=caption)
    for place, title in enumerate(head):
        table.add_column(Text(title), justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row), style="bold" if row[0].endswith("←") else None)
    return table


def plain_table(comparison: Mapping[str, Any]) -> str:
    """The table as text."""
    head, rows = table_rows(comparison)
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [_line(row, widths) for row in [head, *rows]]
    chosen = comparison["recommended"]["learner"] is not None
    return "\n".join([*lines, *(["← the model to use"] if chosen else [])])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join([first, *rest])
