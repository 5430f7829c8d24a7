import dataclasses
import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest

from polytask._validation import (
    Choice,
    Constraint,
    Each,
    Finite,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Optional,
    Satisfies,
    check,
    check_parameters,
    describe,
    message,
)
from polytask.bookkeeping import Budget
from polytask.exceptions import ParameterError

EVEN = Satisfies(lambda value: isinstance(value, int) and value % 2 == 0, "an even number")
CASES = [
    (Interval(int, 1), "an int in [1, inf)", [1, 7, np.int64(3)], [0, 1.0, True, "1", 10**400]),
    (
        Interval(float, 0, 1, closed="left"),
        "a float in [0, 1)",
        [0, 0.5, np.float32(0.5)],
        [1, -0.1, math.nan, None, False],
    ),
    (Interval(float, 0, closed="neither"), "a float in (0, inf)", [1e-9], [0, -1, math.inf]),
    (Interval(float, 0, 1, closed="right"), "a float in (0, 1]", [1.0], [0.0, 1.1]),
    (Finite, "a finite float", [-1e300], [math.inf, -math.inf, math.nan]),
    (Choice(("a", "b", 1)), "one of 'a', 'b', 1", ["a", 1], ["c", True, 1.0]),
    (Choice((None,)), "None", [None], [0, False, ""]),
    (InstanceOf((int, str)), "an instance of int or str", [1, "x"], [True, 1.0, None]),
    (InstanceOf((bool,)), "an instance of bool", [True], [1, None]),
    (InstanceOf((object,)), "an instance of object", [True, None, 1], []),
    (EVEN, "an even number", [2, 0], [1, "2"]),
    (Satisfies(lambda value: len(value) == 2, "a pair"), "a pair", ["ab"], ["a", 3, None]),
    (Each(EVEN), "a tuple of values, each an even number", [(), (2,), [4, 6]], [2, "2", (1,)]),
    (
        Each(EVEN, minimum=1, distinct=True),
        "a tuple of at least 1 different values, each an even number",
        [(2,), [4, 6]],
        [(), (2, 2), [4, 6, 4], ([], [])],
    ),
    (
        Each(EVEN, minimum=2),
        "a tuple of at least 2 values, each an even number",
        [(2, 4)],
        [(2,), (2, 3)],
    ),
    (
        MappingOf(InstanceOf((str,)), EVEN),
        "a mapping of an instance of str to an even number",
        [{}, {"a": 2}],
        [{"a": 1}, {1: 2}, [("a", 2)], 2],
    ),
    (Optional(EVEN), "an even number or None", [None, 2], [1, 0.0]),
    (OneOf((EVEN, Interval(float, 0, 1))), "an even number or a float in [0, 1]", [4, 0.3], [3]),
]


@pytest.mark.parametrize(("constraint", "words", "good", "bad"), CASES, ids=[c[1] for c in CASES])
def test_constraints(constraint, words, good, bad):
    assert str(constraint) == words
    assert all(constraint.accepts(value) for value in good)
    assert not any(constraint.accepts(value) for value in bad)


@pytest.mark.parametrize("constraint", [case[0] for case in CASES], ids=[c[1] for c in CASES])
def test_bad_values_are_bad(constraint):
    values = list(constraint.bad_values())
    assert not any(constraint.accepts(value) for value in values)
    assert values or constraint.accepts(object())


def test_the_ends_of_open_intervals_are_tried():
    assert 0.0 in list(Interval(float, 0, closed="right").bad_values())
    assert -1.0 in list(Interval(float, 0, closed="right").bad_values())


def test_the_error_sentence():
    said = "The `alpha` parameter of TraceNorm must be a float in [0, inf). Got -1 instead."
    assert message("TraceNorm", "alpha", "a float in [0, inf)", -1) == said
    assert message("TraceNorm", "alpha", "a float in [0, inf)", -1, "Double it.") == (
        f"{said} Double it."
    )
    with pytest.raises(ParameterError) as caught:
        check("TraceNorm", "alpha", -1, Interval(float, 0), "Double it.")
    assert str(caught.value) == f"{said} Double it."


def test_long_values_are_shortened():
    assert describe([1, 2]) == "[1, 2]"
    assert len(describe(list(range(1000)))) == 60
    assert describe("x" * 100).endswith("…")
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert describe(nested) == "a list that is too long to write"


@dataclasses.dataclass(frozen=True)
class Recipe:
    width: int = 3
    name: str = "a"

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "width": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self):
        check_parameters(self)


def test_declared_parameters():
    assert Recipe(width=5).width == 5
    said = r"The `width` parameter of Recipe must be an int in \[1, inf\)\. Got 0 instead\."
    with pytest.raises(ParameterError, match=said):
        Recipe(width=0)
    with pytest.raises(ParameterError, match="`name` parameter of Recipe must be an instance of s"):
        Recipe(name=3)


@pytest.mark.parametrize("value", [10**5000, [10**5000], {"a": 10**5000}], ids=type)
def test_numbers_that_python_does_not_write(value):
    assert "too long to write" in message("f", "seeds", "an int", value)


class Part:
    pass


class NeedsDepth(Part):
    def __init__(self, depth):
        self.depth = depth


PART = InstanceOf((Part,))


@pytest.mark.parametrize(
    ("constraint", "value", "remedy"),
    [
        (PART, Part, "Make an object of the class: Part()."),
        (PART, NeedsDepth, "Make an object of the class: NeedsDepth(depth=…)."),
        (Optional(PART), Part, "Make an object of the class: Part()."),
        (Each(PART), (Part(), Part), "Make an object of the class: Part()."),
        (Each(PART), Part, "Make an object of the class: Part()."),
        (MappingOf(InstanceOf((str,)), PART), {"a": Part}, "Make an object of the class: Part()."),
        (PART, int, None),
        (InstanceOf((str,)), str, None),
        (InstanceOf((Constraint,)), Constraint, None),
    ],
)
def test_a_class_where_an_object_is_expected(constraint, value, remedy):
    with pytest.raises(ParameterError) as caught:
        check("Recipe", "part", value, constraint)
    said = message("Recipe", "part", str(constraint), value, remedy)
    assert str(caught.value) == said


def test_a_class_whose_name_would_do():
    with pytest.raises(ParameterError, match=r'Budget\(\)\. Its name will do, too: "budget"\.$'):
        check("Recipe", "budget", Budget, InstanceOf((Budget,)), named=True)
    with pytest.raises(ParameterError, match=r"Interval\(kind=…\)\.$"):
        check("Recipe", "part", Interval, InstanceOf((Constraint,)), named=True)
    with pytest.raises(ParameterError, match=r"Part\(\)\.$"):
        check("Recipe", "part", Part, PART, named=True)
