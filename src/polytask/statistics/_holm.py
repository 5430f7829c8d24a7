"""Correction of p-values for the number of questions asked."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["holm"]


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Holm's step-down correction; questions without an answer (None) are not counted.

    Parameters
    ----------
    p_values : mapping of question to p-value or None

    Returns
    -------
    dict of question to corrected p-value or None
        Rejecting where it is at most α keeps the chance of any false rejection at most α.
    """
    asked = {name: p for name, p in p_values.items() if p is not None}
    corrected: dict[str, float | None] = dict.fromkeys(p_values)
    largest = 0.0
    for rank, name in enumerate(sorted(asked, key=lambda name: asked[name])):
        largest = max(largest, min(1.0, (len(asked) - rank) * asked[name]))
        corrected[name] = largest
    return corrected
