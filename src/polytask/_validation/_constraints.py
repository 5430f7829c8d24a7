"""Constraints of constructor arguments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from numbers import Integral, Real
from typing import Any

from polytask._validation._constraint import Constraint

__all__ = [
    "Choice",
    "Each",
    "Finite",
    "InstanceOf",
    "Interval",
    "MappingOf",
    "OneOf",
    "Optional",
    "Satisfies",
]


@dataclasses.dataclass(frozen=True)
class Interval(Constraint):
    """Finite numbers of type `kind` between `low` and `high`; `closed` names the included ends.

    A float may be given as an int, but neither as a bool.

    Parameters
    ----------
    kind : type
        ``int`` or ``float``.
    low, high : float, optional
    closed : {"both", "left", "right", "neither"}, default "both"

    Examples
    --------
    >>> from polytask.constraints import Interval
    >>> print(Interval(float, 0.0, 1.0, closed="left"))
    a float in [0, 1)
    """

    kind: type[int] | type[float]
    low: float = -math.inf
    high: float = math.inf
    closed: str = "both"

    def accepts(self, value: object) -> bool:
        kind = Integral if self.kind is int else Real
        if not isinstance(value, kind) or isinstance(value, bool):
            return False
        try:
            number = float(value)
        except OverflowError:  # an int beyond the largest float
            return False
        above = number >= self.low if self.closed in {"both", "left"} else number > self.low
        below = number <= self.high if self.closed in {"both", "right"} else number < self.high
        return above and below and math.isfinite(number)

    def __str__(self) -> str:
        if self.low == -math.inf and self.high == math.inf:
            return "an int" if self.kind is int else "a finite float"
        left = "[" if self.closed in {"both", "left"} and math.isfinite(self.low) else "("
        right = "]" if self.closed in {"both", "right"} and math.isfinite(self.high) else ")"
        name = "an int" if self.kind is int else "a float"
        return f"{name} in {left}{_shown(self.low)}, {_shown(self.high)}{right}"

    def suspects(self) -> Iterable[object]:
        yield from ("a string", None, True, math.nan, math.inf, 0.5)
        for end, beyond in ((self.low, self.low - 1), (self.high, self.high + 1)):
            if math.isfinite(end):
                yield from (self.kind(end), self.kind(beyond))


def _shown(end: float) -> str:
    """A bound; whole numbers in full, where `g` would round them."""
    return f"{end:,}" if isinstance(end, int) else f"{end:g}"


Finite = Interval(float)


@dataclasses.dataclass(frozen=True)
class Choice(Constraint):
    """One of a few literal values."""

    options: tuple[object, ...]

    def accepts(self, value: object) -> bool:
        return any(type(value) is type(option) and value == option for option in self.options)

    def __str__(self) -> str:
        start = "one of " if len(self.options) > 1 else ""
        return start + ", ".join(map(_spelt, self.options))

    def suspects(self) -> Iterable[object]:
        yield from ("no such option", -17.5)


def _spelt(option: object) -> str:
    return option.name if isinstance(option, Enum) else repr(option)


@dataclasses.dataclass(frozen=True)
class InstanceOf(Constraint):
    """Objects of one of the given classes; a bool is no int."""

    types: tuple[type, ...]

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) and bool not in self.types and object not in self.types:
            return False
        return isinstance(value, self.types)

    def __str__(self) -> str:
        return "an instance of " + " or ".join(kind.__name__ for kind in self.types)


@dataclasses.dataclass(frozen=True)
class Satisfies(Constraint):
    """Objects for which `test` holds; `words` is the phrase after “must be”."""

    test: Callable[[Any], bool]
    words: str

    def accepts(self, value: object) -> bool:
        try:
            return bool(self.test(value))
        # The value may be of a type that `test` did not expect.
        except (AttributeError, TypeError, ValueError):
            return False

    def __str__(self) -> str:
        return self.words


@dataclasses.dataclass(frozen=True)
class Each(Constraint):
    """Tuples (or lists) whose every element satisfies `element`; on request without repetition."""

    element: Constraint
    minimum: int = 0
    maximum: float = math.inf
    distinct: bool = False

    def accepts(self, value: object) -> bool:
        return (
            isinstance(value, tuple | list)
            and self.minimum <= len(value) <= self.maximum
            and all(self.element.accepts(item) for item in value)
            and not (self.distinct and len(set(value)) < len(value))
        )

    def __str__(self) -> str:
        values = "different values" if self.distinct else "values"
        least = f"at least {self.minimum}" if self.minimum else ""
        most = f"at most {self.maximum:,}" if math.isfinite(self.maximum) else ""
        size = " and ".join(filter(None, (least, most)))
        if self.minimum == self.maximum:
            size = f"{self.minimum}"
        return f"a tuple of {size}{' ' if size else ''}{values}, each {self.element}"

    def suspects(self) -> Iterable[object]:
        yield 3
        yield ()
        for bad in self.element.bad_values():
            yield (bad,) * max(1, self.minimum)


@dataclasses.dataclass(frozen=True)
class MappingOf(Constraint):
    """Mappings whose every key satisfies `key` and every value `value`."""

    key: Constraint
    value: Constraint

    def accepts(self, value: object) -> bool:
        return isinstance(value, Mapping) and all(
            self.key.accepts(name) and self.value.accepts(item) for name, item in value.items()
        )

    def __str__(self) -> str:
        return f"a mapping of {self.key} to {self.value}"

    def suspects(self) -> Iterable[object]:
        yield 3
        for bad in self.value.bad_values():
            yield {"key": bad}


@dataclasses.dataclass(frozen=True)
class OneOf(Constraint):
    """The union of several constraints."""

    members: tuple[Constraint, ...]

    def accepts(self, value: object) -> bool:
        return any(member.accepts(value) for member in self.members)

    def __str__(self) -> str:
        return " or ".join(str(member) for member in self.members)

    def remedy(self, value: object) -> str | None:
        return next(filter(None, (member.remedy(value) for member in self.members)), None)

    def suspects(self) -> Iterable[object]:
        for member in self.members:
            yield from member.suspects()


def Optional(constraint: Constraint) -> OneOf:  # noqa: N802 - reads as a constraint
    """The constraint, or None."""
    return OneOf((constraint, Choice((None,))))
