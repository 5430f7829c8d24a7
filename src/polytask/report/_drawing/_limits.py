"""Limits of an axis when a few values lie far from all others."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

__all__ = ["limits"]

FAR = 6  # times a typical distance


def limits(
    values: Sequence[float], bounds: Sequence[tuple[float, float] | None], *, margin: float = 0.04
) -> tuple[float, float]:
    """Return an axis that holds zero and all values but those very far from the others.

    Intervals are shown whole unless they are much longer than the values' range.
    """
    widths = [pair[1] - pair[0] for pair in bounds if pair]
    width = median(widths) if widths else 0.0
    near = _near(values, width)
    low, high = min([0.0, *near]), max([0.0, *near])
    reach = max(high - low, 3 * width)
    ends = [end for pair in bounds if pair for end in pair]
    low = max(min([low, *ends]), low - reach)
    high = min(max([high, *ends]), high + reach)
    if low == high:
        low, high = low - 1, high + 1
    return low - margin * (high - low), high + margin * (high - low)


def _near(values: Sequence[float], width: float) -> list[float]:
    """Leave out values whose distance from the middle is far beyond that of four in five."""
    middle = median(values)
    distances = sorted(abs(value - middle) for value in values)
    far = FAR * max(distances[(4 * (len(values) - 1)) // 5], width)
    return [value for value in values if not far or abs(value - middle) <= far]
