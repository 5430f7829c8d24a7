import pytest

from polytask._listing import count
from polytask.evaluation.wording._words import (
    chance,
    percent,
    telling_apart,
    together,
    with_interval,
)


@pytest.mark.parametrize(
    ("value", "interval", "words"),
    [
        (0.944, (0.941, 0.947), "0.9440 [0.9410, 0.9470]"),
        (12345.6, (12000.0, 12700.0), "12346 [12000, 12700]"),
        (0.5, None, "0.5000"),
        (0.0, None, "0.0000"),
        (0.25, (0.25, 0.25), "0.2500 [0.2500, 0.2500]"),
    ],
)
def test_half_of_the_interval_has_two_digits(value, interval, words):
    assert with_interval(value, interval) == words


def test_differences_carry_their_sign():
    assert with_interval(0.004, (0.001, 0.007), sign=True) == "+0.0040 [0.0010, 0.0070]"
    assert with_interval(-0.12, (-0.2, 0.01), sign=True) == "−0.12 [−0.20, 0.01]"


def test_percent():
    assert percent(0.0042) == "+0.42 %"
    assert percent(-0.012, (-0.02, 0.001)) == "−1.20 % [−2.00 %, 0.10 %]"


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0222, "p = 0.022"),
        (0.05, "p = 0.05"),
        (0.0496, "p = 0.0496"),
        (0.0504, "p = 0.0504"),
        (0.05001, "p = 0.05001"),
        (1.0, "p = 1"),
    ],
)
def test_a_p_value_beside_the_level_shows_its_side(p, words):
    assert chance(p) == words


def test_counts_and_lists():
    assert count(1, "task") == "1 task"
    assert count(2, "task") == "2 tasks"
    assert together([]) == ""
    assert together(["a"]) == "a"
    assert together(["a", "b", "c"]) == "a, b and c"
    assert together(list("abcdefg")) == "a, b, c, d, e and 2 more"


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([14.989, 15.026], 2),
        ([0.5, 0.5], 0),
        ([0.5, None], 0),
        ([-200_000.0, 0.1, 0.2], 0),
        ([200_000.0, 0.1, 0.2], 0),
        ([15000.0, 15000.001], 1),
        ([0.944, 0.9440000001], 6),
        ([0.944, 0.944 + 2e-16, 0.95], 3),
        ([0.944, 0.944 + 2e-16], 0),
    ],
)
def test_decimals_tell_learners_apart(values, decimals):
    assert telling_apart(values) == decimals


def test_no_fewer_decimals_than_the_column_needs():
    assert with_interval(14.989, (14.1, 15.9), least=2) == "14.99 [14.10, 15.90]"


def test_extreme_numbers_are_written_in_powers_of_ten():
    assert with_interval(3.3e73, (2.4e73, 4.3e73)) == "3.300e+73 [2.400e+73, 4.300e+73]"
    assert with_interval(-3.3e-74, (-4e-74, 1e-75), sign=True) == (
        "−3.300e−74 [−4.000e−74, 1.000e−75]"
    )
    assert with_interval(2e-9, (-0.002, 0.002)) == "0.0000 [−0.0020, 0.0020]"
    assert with_interval(5e12, None) == "5.000e+12"
