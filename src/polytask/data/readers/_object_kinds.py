"""Types of Python objects: what a cell of each holds, and its plain value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from numbers import Complex, Integral, Real
from typing import Any

import numpy as np

from polytask.data.readers._plain_arrays import as_array, is_tensor

__all__ = [
    "ARRAYS",
    "BYTES",
    "DURATIONS",
    "EXACT",
    "NUMBERS",
    "TEXT",
    "TIMES",
    "Holding",
    "holding",
]

ARRAYS, BYTES, DURATIONS = "lists or arrays", "bytes", "durations"
NUMBERS, TEXT, TIMES = "numbers", "text", "dates"

EXACT = 2**53
"""Beyond it a float may stand for several whole numbers."""

Holding = tuple[str, Callable[[Any], Any]]
"""A noun for what a type holds, and a function to plain values; None where missing."""


def holding(kind: type) -> Holding:
    """A noun for what cells of a type hold, and a function that turns them into plain values.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data.readers._object_kinds import holding
    >>> words, plain = holding(np.int16)
    >>> words, plain(np.int16(3))
    ('numbers', 3)
    """
    for base, noun, plain in _TYPES:
        if issubclass(kind, base):
            return noun, plain
    if kind.__name__ in {"NAType", "NaTType", "MaskedConstant"}:
        return "nothing", lambda cell: None  # noqa: ARG005 - whichever it is
    if hasattr(kind, "to_timestamp"):  # a period of pandas
        return TIMES, lambda cell: _moment(cell.to_timestamp())
    if all(hasattr(kind, side) for side in ("left", "right", "closed")):  # an interval of pandas
        return TEXT, str
    if is_tensor(kind):
        return ARRAYS, as_array
    return f"values of the type {kind.__name__}", _itself


def _itself(cell: Any) -> Any:
    return cell


def _number(cell: Any) -> float | None:
    number = float(cell)
    return None if np.isnan(number) else number


def _decimal(cell: Any) -> float | None:
    """A float, unless that would change a whole number."""
    whole = cell.is_finite() and abs(cell) > EXACT and cell == cell.to_integral_value()
    return int(cell) if whole else _number(cell)


def _moment(cell: Any) -> Any:
    """A date or a time; NaT, which Python takes for a datetime, is missing."""
    if isinstance(cell, np.datetime64):
        return cell.astype("datetime64[us]").item()
    if type(cell).__name__ == "NaTType":
        return None
    return cell.to_pydatetime(warn=False) if hasattr(cell, "to_pydatetime") else cell


def _duration(cell: Any) -> Any:
    if isinstance(cell, np.timedelta64):
        return cell.astype("timedelta64[us]").item()
    return cell.to_pytimedelta() if hasattr(cell, "to_pytimedelta") else cell


_TYPES: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    ((bool, np.bool_), "true and false", bool),
    (np.timedelta64, DURATIONS, _duration),  # before whole numbers, of which numpy makes it one
    (Integral, NUMBERS, int),
    (Real, NUMBERS, _number),
    (Decimal, NUMBERS, _decimal),
    (Complex, "complex numbers", _itself),
    (str, TEXT, str),
    ((bytes, bytearray), BYTES, bytes),
    ((dt.date, np.datetime64), TIMES, _moment),
    (dt.timedelta, DURATIONS, _duration),
    (dt.time, "times of day", _itself),
    ((list, tuple, np.ndarray), ARRAYS, _itself),
    (Mapping, "mappings", _itself),
    (AbstractSet, "sets", _itself),
)
