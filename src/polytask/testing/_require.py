"""Assertions with sentences, also under ``python -O``, and the arguments of checks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from polytask._naming import required
from polytask._validation import Each, Interval, message
from polytask.exceptions import ParameterError

__all__ = [
    "require",
    "require_close",
    "require_columns",
    "require_counts",
    "require_datasets",
    "require_finite",
    "require_instance",
    "require_recipe",
    "require_same",
]


def require_instance(check: str, parameter: str, given: object, base: type) -> None:
    """Raise ParameterError unless a check was given one object that extends `base`.

    Parameters
    ----------
    check, parameter : str
        Whose argument it is.
    given : object
    base : type

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from polytask.losses import Huber, Loss
    >>> from polytask.testing._require import require_instance
    >>> require_instance("check_loss", "loss", Huber(), Loss)
    """
    if isinstance(given, type) or not isinstance(given, base):
        protocol = getattr(base, "_is_protocol", False)
        what = "with the methods of" if protocol else "of a class that extends"
        expected = f"an object {what} {base.__name__}"
        raise ParameterError(message(check, parameter, expected, given, _remedy(given, base)))


def _remedy(given: object, base: type) -> str:
    if isinstance(given, type):
        return f"Make an object of it: {_call(given)}."
    if isinstance(given, str):
        return "Give the object that the name stands for."
    if isinstance(given, list | tuple):
        return "Check one at a time."
    if getattr(base, "_is_protocol", False):
        return f"{_public_path(base)} says which they are."
    return f"Extend {_public_path(base)}, and give an object of that class."


def _public_path(cls: type) -> str:
    """The class with the room that exports it."""
    rooms = [
        name
        for name, room in sys.modules.items()
        if name.startswith("polytask.") and "._" not in name
        if cls.__name__ in getattr(room, "__all__", ()) and vars(room).get(cls.__name__) is cls
    ]
    return f"{min(rooms, key=len, default=cls.__module__)}.{cls.__name__}"


def _call(cls: type) -> str:
    """How an object of a class is made."""
    arguments = ", ".join(f"{name}=…" for name in required(cls))
    return f"{cls.__name__}({arguments})"


def require_recipe(check: str, given: object) -> None:
    """Raise ParameterError if a check of recipes was given a class."""
    if isinstance(given, type):
        remedy = f"Make an object of it: {_call(given)}."
        expected = "a recipe, an object and no class"
        raise ParameterError(message(check, "recipe", expected, given, remedy))


def require_counts(check: str, given: object) -> None:
    """Raise ParameterError unless `n_tasks` are numbers of tasks."""
    counts = Each(Interval(int, 1), minimum=1)
    if not counts.accepts(given):
        remedy = f"Write n_tasks=[{given}]." if isinstance(given, int) else "Such as [1, 2, 5]."
        raise ParameterError(message(check, "n_tasks", "a list of numbers from 1", given, remedy))


def require_columns(check: str, columns: object) -> None:
    """Raise ParameterError unless `columns` maps names of columns to arrays, or is None."""
    if columns is None:
        return
    arrays = isinstance(columns, Mapping) and all(
        isinstance(column, np.ndarray) and column.ndim == 1 for column in columns.values()
    )
    if not arrays or not columns:
        expected = "a mapping of column name to array of one axis"
        remedy = 'Such as {"y": np.array([1.0, 2.5, np.nan])}.'
        raise ParameterError(message(check, "columns", expected, columns, remedy))


def require_datasets(check: str, datasets: object, base: type) -> None:
    """Raise ParameterError unless `datasets` is an iterable of data sets, or None."""
    if datasets is not None and not isinstance(datasets, Iterable):
        expected = f"a list of {base.__name__}"
        remedy = f"Write datasets=[{'data' if isinstance(datasets, base) else '…'}]."
        raise ParameterError(message(check, "datasets", expected, datasets, remedy))


def require(condition: object, sentence: str) -> None:
    """Raise AssertionError with a sentence unless `condition` holds."""
    if not condition:
        raise AssertionError(sentence)


def require_close(
    got: Any, wanted: Any, sentence: str, *, relative: float = 1e-6, absolute: float = 1e-9
) -> None:
    """Raise unless two arrays of one shape are equal up to rounding; NaN equals NaN."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    require(got.shape == wanted.shape, f"{sentence}: shape {got.shape} against {wanted.shape}")
    same = np.allclose(got, wanted, rtol=relative, atol=absolute, equal_nan=True)
    if not same:  # arrays are long to write
        raise AssertionError(f"{sentence}: got {_shown(got)}, expected {_shown(wanted)}")


def require_same(got: Any, wanted: Any, sentence: str) -> None:
    """Raise unless two arrays are equal to the last bit."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    numbers = got.dtype.kind == wanted.dtype.kind == "f"
    same = np.array_equal(got, wanted, equal_nan=numbers)
    if not same:  # arrays are long to write
        raise AssertionError(f"{sentence}: got {_shown(got)}, expected {_shown(wanted)}")


def require_finite(values: Any, sentence: str) -> None:
    """Raise unless every number is finite."""
    values = np.asarray(values)
    if not np.isfinite(values).all():
        raise AssertionError(f"{sentence}: got {_shown(values)}")


def _shown(values: np.ndarray) -> str:
    return np.array2string(values, threshold=8, edgeitems=3, precision=6).replace("\n", " ")
