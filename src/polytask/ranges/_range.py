"""Search ranges between two numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import ClassVar

from polytask._validation import (
    Constraint,
    Each,
    Finite,
    InstanceOf,
    Interval,
    Optional,
    check_parameters,
    message,
)
from polytask.exceptions import ParameterError
from polytask.ranges._search_range import SearchRange

__all__ = ["Range"]


@dataclass(frozen=True)
class Range(SearchRange):
    """The numbers from `low` to `high`.

    Parameters
    ----------
    low, high : float
        Both ends belong to the range.
    log : bool, default False
        Whether its logarithm is searched, as for learning rates.
    default : float, optional
        The value of the recipe that is tuned; the middle when None.
    integer : bool, default False
        Whether only whole numbers count.
    step : float, optional
        In a small grid the default has two neighbours: with `log`, the default times and divided
        by `step`, otherwise the default plus and minus `step`, wherever the default lies.
    values : tuple of float, optional
        Values of a small grid after the default, in place of `step`; both ends when there is
        neither.

    Raises
    ------
    ParameterError
        If the ends are in the wrong order, not whole with `integer`, or not
        positive with `log`; or if both `step` and `values` are given.

    Examples
    --------
    >>> from polytask.ranges import Range
    >>> Range(1e-5, 0.1, log=True).default
    0.001
    >>> Range(1e-4, 1.0, log=True, default=0.01, step=2).grid()
    (0.01, 0.02, 0.005)
    >>> Range(1, 64, log=True, default=4, integer=True).grid()
    (4, 1, 64)
    """

    low: float
    high: float
    log: bool = False
    default: float | None = None
    integer: bool = False
    step: float | None = None
    values: tuple[float, ...] | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "low": Finite,
        "high": Finite,
        "log": InstanceOf((bool,)),
        "default": Optional(Finite),
        "integer": InstanceOf((bool,)),
        "step": Optional(Interval(float, 0.0, closed="neither")),
        "values": Optional(Each(Finite)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        self._check_ends()
        if self.step is not None and self.values is not None:
            raise ParameterError("Give Range either `step` or `values`, not both.")
        if self.default is None:
            object.__setattr__(self, "default", self._middle())

    def _check_ends(self) -> None:
        if self.high <= self.low:
            expected = f"greater than `low`, which is {self.low}"
            raise ParameterError(message("Range", "high", expected, self.high))
        if self.log and self.low <= 0:
            expected = "positive where `log` is True"
            raise ParameterError(message("Range", "low", expected, self.low))
        for end in ("low", "high") if self.integer else ():
            value = getattr(self, end)
            if not isinstance(value, Integral):
                expected = "a whole number where `integer` is True"
                raise ParameterError(message("Range", end, expected, value))

    def _middle(self) -> float:
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        return round(middle) if self.integer else middle

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{' (log)' if self.log else ''}"

    def fits(self, value: object) -> bool:
        """Whether a value is a number, and whole with `integer`."""
        wanted = Integral if self.integer else Real
        return isinstance(value, wanted) and not isinstance(value, bool)

    def at(self, default: float) -> Range:
        """The same range with another default."""
        return replace(self, default=default)

    def grid(self) -> tuple[float, ...]:
        """The default, then its neighbours, the given values, or both ends."""
        default = self._middle() if self.default is None else self.default
        if self.step is not None:
            others: tuple[float, ...] = self._neighbours(default, self.step)
        else:
            others = (self.low, self.high) if self.values is None else self.values
        return (default, *(value for value in dict.fromkeys(others) if value != default))

    def _neighbours(self, default: float, step: float) -> tuple[float, float]:
        if self.log:
            above, below = default * step, default / step
        else:
            above, below = default + step, default - step
        return (round(above), round(below)) if self.integer else (above, below)

    def examples(self) -> tuple[float, ...]:
        """Both ends and `values`."""
        return (self.low, self.high, *(self.values or ()))
