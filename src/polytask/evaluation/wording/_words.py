"""Formatting of numbers and names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from polytask._listing import enumerated, first_and_more
from polytask.evaluation.judging._answer import ALPHA

__all__ = [
    "amount",
    "chance",
    "percent",
    "share",
    "signed",
    "telling_apart",
    "together",
    "with_interval",
]

_MOST_SIGNIFICANT = 6
_SAME = 1e-12
"""Values that differ by less, relatively, differ by rounding alone."""
_LARGEST, _SMALLEST = 1e9, 1e-5
"""Beyond these, decimals show too many digits, or none."""


def signed(value: float, decimals: int) -> str:
    """A difference with its sign: ``+0.0040``, ``−1.2``."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def amount(value: float, decimals: int) -> str:
    """A value: ``0.9440``."""
    return f"{value:.{decimals}f}".replace("-", "−")


def chance(p: float) -> str:
    """A p-value to two digits, or up to six where fewer show the level itself: ``p = 0.0496``.

    Examples
    --------
    >>> from polytask.evaluation.wording._words import chance
    >>> chance(0.0222), chance(0.0496), chance(0.05)
    ('p = 0.022', 'p = 0.0496', 'p = 0.05')
    """
    digits = 2
    while float(f"{p:.{digits}g}") == ALPHA != p and digits < _MOST_SIGNIFICANT:
        digits += 1
    return f"p = {p:.{digits}g}"


def _decimals(value: float, interval: Sequence[float] | None) -> int:
    """Decimals that give half the interval's width two digits, or the value four."""
    size = abs(value) / 100 if interval is None else (interval[1] - interval[0]) / 2
    if not size > 0:
        return 4
    return min(max(1 - math.floor(math.log10(size)), 0), 6)


def telling_apart(values: Iterable[float | None]) -> int:
    """Decimals that keep different values apart, within six significant digits."""
    known = sorted({value for value in values if value is not None and math.isfinite(value)})
    if len(known) < 2:
        return 0
    largest = max(abs(known[0]), abs(known[-1]))
    gaps = [high - low for low, high in pairwise(known) if high - low > _SAME * largest]
    if not gaps:
        return 0
    gap = min(gaps)
    most = _MOST_SIGNIFICANT - 1 - math.floor(math.log10(largest))
    return min(max(-math.floor(math.log10(gap)), 0), max(most, 0), 6)


def with_interval(
    value: float, interval: Sequence[float] | None, *, sign: bool = False, least: int = 0
) -> str:
    """A number and its interval: ``0.9440 [0.9410, 0.9470]``; with `least` decimals or more."""
    decimals = max(_decimals(value, interval), least)
    write = signed if sign else amount
    largest = max(abs(number) for number in (value, *(interval or ())))
    if largest >= _LARGEST or 0 < largest < _SMALLEST:
        return _in_powers(value, interval, sign=sign)
    if interval is None:
        return write(value, decimals)
    low, high = (amount(end, decimals) for end in interval)
    return f"{write(value, decimals)} [{low}, {high}]"


def _in_powers(value: float, interval: Sequence[float] | None, *, sign: bool) -> str:
    """A number and its interval in powers of ten: ``3.336e+73 [2.401e+73, 4.270e+73]``."""
    text = f"{value:{'+' if sign else ''}.3e}"
    if interval is not None:
        text += f" [{interval[0]:.3e}, {interval[1]:.3e}]"
    return text.replace("-", "−")


def percent(value: float, interval: Sequence[float] | None = None) -> str:
    """A fraction as a signed percentage: ``+0.42 % [0.22 %, 0.62 %]``."""
    if interval is None:
        return f"{signed(100 * value, 2)} %"
    low, high = (amount(100 * end, 2) for end in interval)
    return f"{signed(100 * value, 2)} % [{low} %, {high} %]"


def share(value: float) -> str:
    """A share as a whole percentage: ``71 %``."""
    return f"{100 * value:.0f} %"


def together(names: Sequence[str], most: int = 5) -> str:
    """Names as a phrase: ``a, b and c``; many are cut short."""
    if len(names) > most:
        return first_and_more(names, most)
    return enumerated(names) if names else ""
