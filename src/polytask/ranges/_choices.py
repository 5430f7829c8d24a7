"""Search ranges that list their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, ClassVar

from polytask._validation import Constraint, Each, InstanceOf, check_parameters
from polytask.ranges._search_range import SearchRange

__all__ = ["Choices"]


@dataclass(frozen=True)
class Choices(SearchRange):
    """A few values to choose from.

    Parameters
    ----------
    values : tuple
        Plain values, or recipes.
    default : object, optional
        The value of the recipe that is tuned; the first of `values` if not given. None is a value
        like any other, where it is one of them.

    Examples
    --------
    >>> from polytask.ranges import Choices
    >>> Choices(("relu", "gelu", "silu")).at("silu").grid()
    ('silu', 'relu', 'gelu')
    """

    values: tuple[Any, ...]
    default: Any = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "values": Each(InstanceOf((object,)), minimum=1),
        "default": InstanceOf((object,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "values", tuple(self.values))
        if self.default is None and None not in self.values:
            object.__setattr__(self, "default", self.values[0])

    def __str__(self) -> str:
        return " | ".join(map(str, self.values))

    def fits(self, value: object) -> bool:
        """Always True, since any value can be one more choice."""
        del value
        return True

    def at(self, default: Any) -> Choices:
        """The same choices with another default, which is added if it is not among them.

        A recipe takes the place of the choice of its class, so that settings given to it stay.
        """
        known = self.values
        if default not in known:
            others = (v for v in known if not is_dataclass(v) or type(v) is not type(default))
            known = (default, *others)
        return replace(self, values=known, default=default)

    def grid(self) -> tuple[Any, ...]:
        """All values, the default first."""
        return (self.default, *(value for value in self.values if value != self.default))

    def examples(self) -> tuple[Any, ...]:
        """All values."""
        return self.values
