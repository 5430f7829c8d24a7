"""Holm's correction of p-values for multiple tests."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

__all__ = ["holm"]

Test = TypeVar("Test", bound=Hashable)


def holm(p_values: Mapping[Test, float | None]) -> dict[Test, float | None]:
    """Holm's step-down correction; tests without a p-value (None) are not counted.

    Parameters
    ----------
    p_values : mapping of test to p-value or None

    Returns
    -------
    dict of test to corrected p-value or None
        Rejecting at corrected values of at most α keeps the probability of any false rejection at
        most α.

    Examples
    --------
    >>> from polytask.statistics import holm
    >>> holm({"a": 0.01, "b": 0.5, "c": None})
    {'a': 0.02, 'b': 0.5, 'c': None}
    """
    known = {name: p for name, p in p_values.items() if p is not None}
    corrected: dict[Test, float | None] = dict.fromkeys(p_values)
    largest = 0.0
    for rank, name in enumerate(sorted(known, key=lambda name: known[name])):
        largest = max(largest, min(1.0, (len(known) - rank) * known[name]))
        corrected[name] = largest
    return corrected
