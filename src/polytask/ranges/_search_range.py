"""Abstract base class of a search range."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

__all__ = ["SearchRange"]


class SearchRange(ABC):
    """The values of one setting that are worth trying, and its default.

    Classes declare them beside `parameter_constraints`, as ``search_ranges``: a mapping of
    parameter to `Range` or `Choices`.

    Attributes
    ----------
    default : object
        The setting's value in the recipe that is tuned. It need not lie in the range: a weight
        decay of 0 does not, where the range is logarithmic.
    """

    default: Any

    @abstractmethod
    def __str__(self) -> str:
        """What is tried, in words."""

    @abstractmethod
    def fits(self, value: object) -> bool:
        """Whether the recipe's own value could be the default of this range."""

    @abstractmethod
    def at(self, default: Any) -> SearchRange:
        """The same range around a recipe's own value."""

    @abstractmethod
    def grid(self) -> tuple[Any, ...]:
        """The values of a small grid, the default first."""

    @abstractmethod
    def examples(self) -> tuple[Any, ...]:
        """Values that the setting must accept: both ends, or all choices."""
