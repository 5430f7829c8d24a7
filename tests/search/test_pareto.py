"""Pareto fronts and hypervolumes, against definitions and brute force."""

from itertools import combinations

import numpy as np
import pytest

from polytask.exceptions import ParameterError
from polytask.search import hypervolume, pareto_front


def points(seed, n, m):
    return np.round(np.random.default_rng(seed).uniform(-0.2, 1, size=(n, m)), 1)


@pytest.mark.parametrize("seed", range(8))
def test_a_point_is_on_the_front_if_none_is_better_in_one_and_as_good_in_all(seed):
    given = points(seed, 12, 3)
    for point, on in zip(given, pareto_front(given), strict=True):
        better = [(other >= point).all() and (other > point).any() for other in given]
        assert on == (not any(better))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_the_hypervolume_is_that_of_inclusion_and_exclusion(seed, m):
    given = points(seed, 8, m)
    reference = np.full(m, 0.05)
    boxes = np.maximum(given - reference, 0)
    expected = sum(
        (-1) ** (size + 1) * np.prod(np.min(boxes[list(chosen)], axis=0))
        for size in range(1, len(boxes) + 1)
        for chosen in combinations(range(len(boxes)), size)
    )
    assert hypervolume(given, reference) == pytest.approx(expected, abs=1e-12)


def test_with_many_tasks_the_hypervolume_is_estimated_near_the_exact_one():
    given = np.random.default_rng(0).uniform(0.5, 1, size=(6, 7))
    exact = sum(
        (-1) ** (size + 1) * np.prod(np.min(given[list(chosen)], axis=0))
        for size in range(1, 7)
        for chosen in combinations(range(6), size)
    )
    box = np.prod(given.max(axis=0))
    assert hypervolume(given, np.zeros(7)) == pytest.approx(exact, abs=4 * 0.0012 * box)


def test_points_below_the_reference_add_nothing():
    assert hypervolume(np.array([[2.0, -1.0], [1.0, 1.0]]), np.zeros(2)) == 1.0
    assert hypervolume(np.array([[-1.0, 1.0]]), np.zeros(2)) == 0.0


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ParameterError, match="`points` parameter of pareto_front must be finite"):
        pareto_front(np.array([[np.nan, 1.0]]))
    with pytest.raises(ParameterError, match="`reference` parameter of hypervolume must be finite"):
        hypervolume(np.ones((1, 2)), np.array([0.0, np.inf]))
