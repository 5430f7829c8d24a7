"""Abstract base class of search ranges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

__all__ = ["SearchRange"]


class SearchRange(ABC):
    """The values worth trying of one setting, and its default.

    Classes declare ranges beside `parameter_constraints`, as ``search_ranges``: a mapping of
    parameter to `Range` or `Choices`.

    Attributes
    ----------
    default : object
        The setting's value in the recipe that is tuned. It need not lie in the range: a weight
        decay of 0 does not, where the range is logarithmic.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.ranges import Choices, Range
    >>> @dataclass
    ... class Method:
    ...     rate: float = 0.1
    ...     norm: str = "l2"
    ...
    ...     search_ranges = {
    ...         "rate": Range(0.01, 1.0, log=True, default=0.1),
    ...         "norm": Choices(("l2", "l1")),
    ...     }
    >>> [str(declared) for declared in Method.search_ranges.values()]
    ['0.01 to 1 (log)', 'l2 | l1']
    >>> Method.search_ranges["rate"].at(0.3).grid()
    (0.3, 0.01, 1.0)
    """

    default: Any

    @abstractmethod
    def __str__(self) -> str:
        """The range as a user reads it."""

    @abstractmethod
    def fits(self, value: object) -> bool:
        """Whether a recipe's value could be the default of this range."""

    @abstractmethod
    def at(self, default: Any) -> SearchRange:
        """The same range with a recipe's value as its default."""

    @abstractmethod
    def grid(self) -> tuple[Any, ...]:
        """The values of a small grid, the default first."""

    @abstractmethod
    def examples(self) -> tuple[Any, ...]:
        """Values that the setting must accept: both ends, or all choices."""
