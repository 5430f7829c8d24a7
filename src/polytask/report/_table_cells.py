"""Cells of the comparison tables: a column is formatted, ranked and drawn together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import Bounds, interval, number, places, telling_apart

__all__ = ["Cell", "Mark", "column"]


@dataclass(frozen=True)
class Mark:
    """Positions between 0 and 100 of a dot and its whisker; `zero` where a line is drawn."""

    value: float
    low: float
    high: float
    zero: float | None = None


@dataclass(frozen=True)
class Cell:
    """What stands in one cell.

    Attributes
    ----------
    text : str
    interval : str
    note : str
        Why there is no value, or what the value is.
    best : bool
        Whether no other cell of the column is better.
    mark : Mark or None
    """

    text: str
    interval: str = ""
    note: str = ""
    best: bool = False
    mark: Mark | None = None


def column(
    measures: Sequence[Mapping[str, Any]], *, higher: bool, scale: float = 1.0, signed: bool = False
) -> list[Cell]:
    """Turn one metric of several learners into cells that share decimals and a scale.

    Parameters
    ----------
    measures : sequence of mapping
        Each with `value`, `interval` and `undefined`, and perhaps `note`.
    higher : bool
        Whether larger is better.
    scale : float, default 1
        100 turns fractions into percent.
    signed : bool, default False
        Whether values carry their sign and are drawn against zero.
    """
    values = [_scaled(measure["value"], scale) for measure in measures]
    intervals = [_bounds(measure.get("interval"), scale) for measure in measures]
    digits = 2 if scale == 100 else max(places(values, intervals), telling_apart(values))
    marks = _marks(values, intervals, zero=signed)
    best = _best(values, higher=higher)
    unit = "\u00a0%" if scale == 100 else ""
    return [
        Cell("undefined", note=measure.get("undefined") or "")
        if value is None
        else Cell(
            number(value, digits, signed=signed) + unit,
            interval(bounds, digits),
            measure.get("note", ""),
            value == best,
            mark,
        )
        for measure, value, bounds, mark in zip(measures, values, intervals, marks, strict=True)
    ]


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value


def _bounds(bounds: Bounds, scale: float) -> tuple[float, float] | None:
    return (scale * bounds[0], scale * bounds[1]) if bounds else None


def _best(values: Sequence[float | None], *, higher: bool) -> float | None:
    """The best value; None where there is nothing to compare or all are alike."""
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return None
    return max(known) if higher else min(known)


def _marks(
    values: Sequence[float | None], intervals: Sequence[Bounds], *, zero: bool
) -> list[Mark | None]:
    ends = [value for value in values if value is not None]
    ends += [bound for bounds in intervals if bounds for bound in bounds]
    ends += [0.0] if zero else []
    low, high = min(ends, default=0.0), max(ends, default=0.0)
    if high <= low:
        return [None] * len(values)

    return [
        None
        if value is None
        else Mark(
            _place(value, low, high),
            _place(bounds[0] if bounds else value, low, high),
            _place(bounds[1] if bounds else value, low, high),
            _place(0.0, low, high) if zero else None,
        )
        for value, bounds in zip(values, intervals, strict=True)
    ]


def _place(value: float, low: float, high: float) -> float:
    return round(4 + 92 * (value - low) / (high - low), 1)
