"""The checks of parameters and recipes find what is broken, and pass what is not."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from polytask._validation import Each, InstanceOf, Interval, Optional, check, check_parameters
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range
from polytask.testing import (
    check_parameters_reject_bad_values,
    check_recipe_round_trip,
    check_search_ranges,
)


@dataclass(frozen=True)
class Good:
    size: int
    alpha: float = 1.0
    widths: tuple[int, ...] = (4,)
    seed: int | None = None

    parameter_constraints: ClassVar = {
        "size": Interval(int, 1),
        "alpha": Interval(float, 0.0),
        "widths": Each(Interval(int, 1), minimum=1),
        "seed": Optional(InstanceOf((int,))),
    }

    def __post_init__(self):
        check_parameters(self)


def test_good_parameters_pass():
    check_parameters_reject_bad_values(Good, size=3)


def test_a_remedy_may_follow_the_sentence():
    class Helpful(Good):
        def __post_init__(self):
            for parameter, constraint in self.parameter_constraints.items():
                check("Helpful", parameter, getattr(self, parameter), constraint, "Ask a friend.")

    check_parameters_reject_bad_values(Helpful, size=3)


def test_a_constructor_may_make_a_good_value_of_a_bad_one():
    class Lenient(Good):
        def __post_init__(self):
            if isinstance(self.widths, int):
                object.__setattr__(self, "widths", (self.widths,))
            check_parameters(self)

    check_parameters_reject_bad_values(Lenient, size=3)


@dataclass(frozen=True)
class Undeclared(Good):
    depth: int = 2


@dataclass(frozen=True)
class Surplus(Good):
    parameter_constraints: ClassVar = {**Good.parameter_constraints, "beta": Interval(float)}


@dataclass(frozen=True)
class BadDefault(Good):
    alpha: float = -1.0


class Unchecked(Good):
    def __post_init__(self):
        pass


class OtherWords(Good):
    def __post_init__(self):
        if not self.parameter_constraints["size"].accepts(self.size):
            raise ParameterError("size is wrong")
        check_parameters(self)


class PlainError(Good):
    def __post_init__(self):
        if not isinstance(self.size, int):
            raise TypeError("size")
        check_parameters(self)


class Undescribed:
    pass


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Undeclared, "has no constraint for its parameter `depth`"),
        (Surplus, "has no constructor argument for its parameter `beta`"),
        (BadDefault, "refuses its own defaults"),
        (Unchecked, "is accepted, but must be an int"),
        (OtherWords, "must be refused with"),
        (PlainError, "must raise ParameterError, but raises TypeError"),
    ],
)
def test_broken_parameters_are_found(cls, words):
    with pytest.raises(AssertionError, match=words):
        check_parameters_reject_bad_values(cls, size=3)


def test_a_class_without_constraints_is_found():
    with pytest.raises(AssertionError, match="declares no `parameter_constraints`"):
        check_parameters_reject_bad_values(Undescribed)


def test_a_good_recipe_passes():
    check_recipe_round_trip(Good(3, alpha=0.5, widths=[1, 2]))


@dataclass
class Forgetful:
    """Stores another value than it was given."""

    alpha: float = 1.0

    def __post_init__(self):
        self.alpha = self.alpha + 1


@dataclass
class Holder:
    value: Any = field(default_factory=object)


@dataclass
class HolderOfNumber:
    value: float = float("nan")


def test_a_recipe_that_changes_is_found():
    with pytest.raises(AssertionError, match=r"`alpha` of Forgetful comes back as 3\.0"):
        check_recipe_round_trip(Forgetful())


def test_a_recipe_that_json_cannot_hold_is_found():
    with pytest.raises(AssertionError, match="cannot be written as JSON: A recipe cannot hold"):
        check_recipe_round_trip(Holder())


def test_something_else_than_a_dataclass_is_found():
    with pytest.raises(AssertionError, match="is no dataclass"):
        check_recipe_round_trip(Undescribed())


def test_numbers_without_a_json_form_survive():
    check_recipe_round_trip(HolderOfNumber())


@dataclass(frozen=True)
class Tunable(Good):
    search_ranges: ClassVar = {"alpha": Range(0.0, 4.0, default=1.0)}


def test_good_ranges_pass():
    check_search_ranges(Tunable, size=3)


def test_an_object_stands_for_its_class():
    check_search_ranges(Tunable(size=3, alpha=2.0))
    check_parameters_reject_bad_values(Good(size=3))


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        (None, "declares no `search_ranges`"),
        ({"beta": Range(0.0, 1.0)}, "`beta` of Tunable is for no constructor argument"),
        ({"alpha": (1.0, 2.0)}, "`alpha` of Tunable is no Range or Choices"),
        ({"alpha": Range(0.0, 4.0)}, "has the default 2.0, but the parameter has 1.0"),
        ({"alpha": Range(-1.0, 4.0, default=1.0)}, r"holds -1.0, which is refused: The `alpha`"),
        ({"seed": Choices((None, "four"))}, "holds 'four', which is refused"),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_a_broken_range_is_found(ranges, words, monkeypatch):
    monkeypatch.setattr(Tunable, "search_ranges", ranges)
    with pytest.raises(AssertionError, match=words):
        check_search_ranges(Tunable, size=3)
