"""Cells of the comparison tables, formatted, ranked and drawn per column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import Bounds, decimals, distinguishing_decimals, interval, number

__all__ = ["Cell", "Mark", "column"]


@dataclass(frozen=True)
class Mark:
    """Positions of a dot, its whisker and the line at zero, between 0 and 100."""

    value: float
    low: float
    high: float
    zero: float | None = None


@dataclass(frozen=True)
class Cell:
    """Content of one cell.

    Attributes
    ----------
    text : str
    interval : str
    note : str
        Why there is no value, or a remark about it.
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
    """Format one metric of several learners as cells with common decimals and a common scale.

    Parameters
    ----------
    measures : sequence of mapping
        Each with `value`, `interval` and `undefined`, and optionally `note`.
    higher : bool
        Whether larger is better.
    scale : float, default 1
        Factor of the values; 100 for percentages of fractions.
    signed : bool, default False
        Whether values have a sign and are drawn relative to zero.
    """
    values = [_scaled(measure["value"], scale) for measure in measures]
    intervals = [_bounds(measure.get("interval"), scale) for measure in measures]
    digits = (
        2 if scale == 100 else max(decimals(values, intervals), distinguishing_decimals(values))
    )
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
    """The best value; None if there are fewer than two different ones."""
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
            _position(value, low, high),
            _position(bounds[0] if bounds else value, low, high),
            _position(bounds[1] if bounds else value, low, high),
            _position(0.0, low, high) if zero else None,
        )
        for value, bounds in zip(values, intervals, strict=True)
    ]


def _position(value: float, low: float, high: float) -> float:
    return round(4 + 92 * (value - low) / (high - low), 1)
