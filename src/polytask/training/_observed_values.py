"""Plain values of observers: what a record keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from polytask._validation import describe
from polytask.exceptions import ObserverError

__all__ = ["plain_values"]

_MOST_VALUES = 1000
_DEEPEST = 20


def plain_values(name: str, returned: object) -> dict[str, Any]:
    """Convert an observer's values to plain JSON values; numbers that are not finite become None.

    Parameters
    ----------
    name : str
        The observer's, for errors.
    returned : object

    Raises
    ------
    ObserverError
        If it is no mapping of texts to plain values, or holds too many of them.

    Examples
    --------
    >>> from polytask.training._observed_values import plain_values
    >>> plain_values("norms", {"all": (1, 2.5, float("nan"))})
    {'all': [1, 2.5, None]}
    """
    if not isinstance(returned, Mapping):
        sentence = (
            f"The observer {name!r} must return a mapping of names to plain values. Got "
            f"{describe(returned)} instead. Return a dict, such as {{'value': 0.5}}."
        )
        raise ObserverError(sentence)
    plain: dict[str, Any] = _plain(name, returned, (), 0)
    n_values = _count(plain)
    if n_values > _MOST_VALUES:
        sentence = (
            f"The observer {name!r} must return at most {_MOST_VALUES:,} values per evaluation. "
            f"Got {n_values:,} instead. Return means or counts of them."
        )
        raise ObserverError(sentence)
    return plain


def _plain(name: str, value: object, way: tuple[object, ...], depth: int) -> Any:
    if depth > _DEEPEST:
        raise ObserverError(_unkept(name, value, way[:3], "values nested less than 20 levels deep"))
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(name, value, way)
    if isinstance(value, Real):
        return _number(value)
    if isinstance(value, list | tuple):
        return [_plain(name, item, (*way, at), depth + 1) for at, item in enumerate(value)]
    if not isinstance(value, Mapping):
        expected = "numbers, texts, true or false, None, lists or mappings"
        remedy = "Turn tensors and arrays into numbers, with `.item()` or `.tolist()`."
        raise ObserverError(f"{_unkept(name, value, way, expected)} {remedy}")
    for key in value:
        if not isinstance(key, str):
            raise ObserverError(_unkept(name, key, way, "mappings whose keys are texts"))
    return {
        _text(name, key, way): _plain(name, item, (*way, key), depth + 1)
        for key, item in value.items()
    }


def _text(name: str, text: str, way: tuple[object, ...]) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ObserverError(_unkept(name, text, way, "texts that UTF-8 can encode"))
    return str(text)


def _number(value: Real) -> int | float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    return int(value) if isinstance(value, Integral) else number


def _unkept(name: str, value: object, way: tuple[object, ...], expected: str) -> str:
    where = "".join(f"[{step!r}]" for step in way)
    return (
        f"The observer {name!r} must return {expected}. Got {describe(value)} instead"
        f"{f', in {where}' if where else ''}."
    )


def _count(value: object) -> int:
    """Values that are neither list nor mapping, and empty ones of these."""
    if isinstance(value, dict) and value:
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) and value else 1
