import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range

ENDS = st.floats(1e-6, 1e3)


@given(ENDS, st.floats(1.5, 1e4), st.booleans())
def test_without_a_default_the_middle_is_one(low, factor, log):
    declared = Range(low, low * factor, log=log)
    below, above = (
        (declared.default / low, declared.high / declared.default)
        if log
        else (declared.default - low, declared.high - declared.default)
    )
    assert math.isclose(below, above, rel_tol=1e-6)
    assert declared.grid() == (declared.default, declared.low, declared.high)


def test_a_whole_number_has_a_whole_middle():
    assert Range(1, 4, integer=True).default in {2, 3}
    assert Range(1, 64, log=True, integer=True).default == 8


@given(st.floats(1e-9, 1e9), st.floats(1.1, 100.0))
def test_neighbours_of_a_logarithmic_default(default, step):
    declared = Range(1e-3, 1e3, log=True, default=default, step=step)
    assert declared.grid() == (default, default * step, default / step)


def test_neighbours_of_a_plain_default():
    assert Range(0.0, 1.0, default=0.5, step=0.25).grid() == (0.5, 0.75, 0.25)
    assert Range(0, 9, default=4, step=2, integer=True).grid() == (4, 6, 2)
    assert Range(1, 99, log=True, default=5, step=1.5, integer=True).grid() == (5, 8, 3)


def test_given_values_follow_the_default_which_stands_there_once():
    declared = Range(1e-3, 1e3, log=True, default=1.0, values=(10.0, 1.0, 100.0, 10.0))
    assert declared.grid() == (1.0, 10.0, 100.0)
    assert declared.at(10.0).grid() == (10.0, 1.0, 100.0)
    assert declared.examples() == (1e-3, 1e3, 10.0, 1.0, 100.0, 10.0)


def test_a_default_may_lie_outside():
    assert Range(1e-6, 0.1, log=True, default=0.0).grid() == (0.0, 1e-6, 0.1)


def test_around_another_default_only_that_changes():
    declared = Range(1.0, 4.0, log=True, default=2.0, step=3)
    assert declared.at(7.0) == Range(1.0, 4.0, log=True, default=7.0, step=3)


@pytest.mark.parametrize(
    ("value", "whole", "fits"),
    [(0.5, False, True), (3, False, True), (3, True, True), (0.5, True, False)]
    + [(one, whole, False) for one in (None, True, "3", (1,)) for whole in (False, True)],
)
def test_values_that_fit(value, whole, fits):
    assert Range(1, 9, integer=whole).fits(value) is fits
    assert Choices((1, 2)).fits(value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"low": 2.0, "high": 1.0}, r"`high` parameter of Range must be greater than `low`"),
        ({"low": 1.0, "high": 1.0}, r"which is 1\.0\. Got 1\.0 instead"),
        ({"low": 0.0, "high": 1.0, "log": True}, "must be positive where `log` is True"),
        ({"low": 1, "high": 2.5, "integer": True}, r"`high` .* must be a whole number"),
        ({"low": 1.0, "high": 2.0, "step": 2.0, "values": (1.0,)}, "`step` or `values`, not both"),
    ],
)
def test_ranges_that_are_none(arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Range(**arguments)


def test_words():
    assert str(Range(1e-5, 0.1, log=True)) == "1e-05 to 0.1 (log)"
    assert str(Range(1, 8, integer=True)) == "1 to 8"
    assert str(Choices((None, "relu", (64, 64)))) == "None | relu | (64, 64)"


def test_choices():
    assert Choices(("a", "b")).default == "a"
    assert Choices(("a", "b"), "b").grid() == ("b", "a")
    assert Choices((1.0, None)).grid() == (None, 1.0)
    assert Choices(((4,), (8, 8))).default == (4,)
    assert Choices((1, 2)).at(5).grid() == (5, 1, 2)
    assert Choices((1, 2)).at(2).examples() == (1, 2)
