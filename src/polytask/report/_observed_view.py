"""Section *Observed in training*: what observers returned, at the kept state and over training."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._study import Study

__all__ = [
    "Observed",
    "ObservedCell",
    "ObservedSeries",
    "ObservedTable",
    "is_sharing",
    "observed_views",
]

_SHARING = frozenset({"tasks", "ratio", "affinity", "gain", "changes", "words"})
_MOST_ROWS, _MOST_COLUMNS, _MOST_ITEMS = 40, 24, 12


@dataclass(frozen=True)
class ObservedCell:
    """A number and how dark its ground is, from 0 to 1; negative numbers have another colour."""

    text: str
    share: float = 0.0
    negative: bool = False


@dataclass(frozen=True)
class ObservedTable:
    """Values of every task."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[ObservedCell]]]


@dataclass(frozen=True)
class ObservedSeries:
    """A number, or several of one kind, over training.

    Attributes
    ----------
    name : str
    labels : sequence of str
        What each line is of; one empty label for a single number.
    steps : sequence of int
    lines : sequence of sequences of float or None
        Per label, a value per step.
    """

    name: str
    labels: Sequence[str]
    steps: Sequence[int]
    lines: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Observed:
    """What one observer returned of one learner."""

    learner: str
    observer: str
    epoch: int
    tables: Sequence[ObservedTable]
    facts: Sequence[tuple[str, str]]
    series: Sequence[ObservedSeries] = ()


def is_sharing(values: object) -> bool:
    """Whether an observer returned how tasks share, which has a section of its own."""
    return isinstance(values, Mapping) and set(values) >= _SHARING


def observed_views(study: Study, run: int) -> list[Observed]:
    """Read the section: the observers of every joint learner, at the epoch of its kept state.

    Matrices with a row per task, whose names are under ``tasks``, are tables; single numbers and
    short lists are facts. Columns are named by another list of so many texts, or by the tasks.
    """
    views = []
    for learner in (entry for entry in study.learners if entry["joint"]):
        for curve in learner["runs"][run].get("curves") or ():
            for observer, by_epoch in curve.get("observed", {}).items():
                view = _view(learner["name"], observer, curve, by_epoch)
                if view is not None:
                    views.append(view)
    return views


def _view(
    learner: str, observer: str, curve: Mapping[str, Any], by_epoch: Sequence[Any]
) -> Observed | None:
    kept = curve["best_epoch"] or curve["epoch"][-1]
    positions = [i for i in range(len(curve["epoch"])) if by_epoch[i]]
    if not positions:
        return None
    position = min(positions, key=lambda i: abs(curve["epoch"][i] - kept))
    values = by_epoch[position]
    if any(map(is_sharing, by_epoch)):  # which has a section of its own
        return None
    tables, facts = list(_tables(values)), list(_facts(values))
    steps = [curve["step"][i] for i in positions]
    series = list(_series(steps, [by_epoch[i] for i in positions]))
    return Observed(learner, observer, curve["epoch"][position], tables, facts, series)


def _series(steps: Sequence[int], values: Sequence[Mapping[str, Any]]) -> Iterator[ObservedSeries]:
    """Numbers and lists of numbers of one length; nothing of a single evaluation."""
    for name, last in values[-1].items() if len(steps) > 1 else ():
        found: list[Any] = [one.get(name) for one in values]
        if _is_vector(last) and all(_is_vector(one) and len(one) == len(last) for one in found):
            lines = [list(line) for line in zip(*found, strict=True)]
            yield ObservedSeries(name, _labels(values[-1], len(last)), steps, lines)
        elif all(one is None or _is_number(one) for one in found) and _is_number(last):
            yield ObservedSeries(name, [""], steps, [found])


def _labels(values: Mapping[str, Any], n_lines: int) -> list[str]:
    """The only list of so many texts; positions where there are several, or none."""
    names = [value for value in values.values() if _are_texts(value) and len(value) == n_lines]
    return names[0] if len(names) == 1 else [str(place) for place in range(1, n_lines + 1)]


def _tables(values: Mapping[str, Any]) -> Iterator[ObservedTable]:
    tasks: Any = values.get("tasks")
    if not _are_texts(tasks) or len(tasks) > _MOST_ROWS:
        return
    for name, matrix in values.items():
        if _is_matrix(matrix, len(tasks)) and len(matrix[0]) <= _MOST_COLUMNS:
            rows = [(task, _cells(line, matrix)) for task, line in zip(tasks, matrix, strict=True)]
            yield ObservedTable(name, _columns(values, len(matrix[0])), rows)


def _columns(values: Mapping[str, Any], n_columns: int) -> list[str]:
    """Names of columns: a list of so many texts, other than the tasks if there is one."""
    names = [value for value in values.values() if _are_texts(value) and len(value) == n_columns]
    names.sort(key=lambda name: name is values.get("tasks"))
    return names[0] if names else [str(place) for place in range(1, n_columns + 1)]


def _facts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if _is_vector(value) and len(value) <= _MOST_ITEMS:
            yield name, ", ".join(map(_number, value))
        elif isinstance(value, str) or _is_number(value):
            yield name, value if isinstance(value, str) else _number(value)


def _cells(line: Sequence[Any], matrix: Sequence[Sequence[Any]]) -> list[ObservedCell]:
    known = [abs(value) for row in matrix for value in row if value is not None]
    largest = max(1.0, *known) if known else 1.0
    return [
        ObservedCell(_number(value), abs(value or 0.0) / largest, negative=(value or 0.0) < 0)
        for value in line
    ]


def _is_matrix(value: Any, n_rows: int) -> bool:
    if not isinstance(value, list) or len(value) != n_rows or not value:
        return False
    return all(_is_vector(row) and len(row) == len(value[0]) > 0 for row in value)


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(v is None or _is_number(v) for v in value)
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}".replace("-", "−")
