"""Abstract base class of constraints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

__all__ = ["Constraint"]


class Constraint(ABC):
    """A set of accepted values, with the phrase that describes it."""

    @abstractmethod
    def accepts(self, value: object) -> bool:
        """Whether `value` lies in the set."""

    @abstractmethod
    def __str__(self) -> str:
        """Phrase that follows “must be”."""

    def remedy(self, value: object) -> str | None:
        """What to do about a value outside the set; None if the phrase says it."""
        del value
        return None

    def bad_values(self) -> Iterable[object]:
        """Values outside the set, for the common checks."""
        return (value for value in self.suspects() if not self.accepts(value))

    def suspects(self) -> Iterable[object]:
        """Values that most likely lie outside the set."""
        return (object(),)
