"""Directions found in a ball and in a cone cannot be bettered: their dual problems say so."""

import drawn_vectors
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask._linalg import max_min_slope_in_ball, max_min_slope_in_cone, min_norm_point
from polytask.exceptions import ParameterError

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("any", "low rank", "repeated", "balanced", "agreeing", "zero rows", "line", "lengths")
RADII = st.sampled_from([0.05, 0.4, 0.9, 1.0, 2.0])
COSINES = st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.99])


def jacobian_of(kind, n_tasks, rng):
    """Vectors, the longest of length 1 or zero."""
    jacobian = drawn_vectors.jacobian_of(kind, n_tasks, rng, decades=4)
    return jacobian / max(np.linalg.norm(jacobian, axis=1).max(), 1e-300)


def ball_bound(jacobian, radius, shares):
    """No d in the ball has a smallest slope above this, whatever the shares."""
    mean, combination = jacobian.mean(axis=0), shares @ jacobian
    return combination @ mean + radius * np.linalg.norm(mean) * np.linalg.norm(combination)


def cone_bound(jacobian, cosine, shares):
    """Nor in the cone, with length 1: the length of the combination's projection onto it."""
    mean, combination = jacobian.mean(axis=0), shares @ jacobian
    along = combination @ mean / np.linalg.norm(mean)
    length = np.linalg.norm(combination)
    if along >= cosine * length:
        return length
    across = np.sqrt(max(length**2 - along**2, 0.0))
    return max(along * cosine + across * np.sqrt(1 - cosine**2), 0.0)


def normalised_shares(weights):
    shares = np.maximum(weights, 0.0)
    return shares / shares.sum() if shares.sum() > 0 else np.full(len(weights), 1 / len(weights))


def check_ball(jacobian, radius, tolerance=1e-10):
    gramian, n_tasks = jacobian @ jacobian.T, len(jacobian)
    weights = max_min_slope_in_ball(gramian, radius)
    mean, update = jacobian.mean(axis=0), weights @ jacobian
    assert np.linalg.norm(update - mean) <= radius * np.linalg.norm(mean) + 1e-12
    candidates = (normalised_shares(weights - 1 / n_tasks), min_norm_point(gramian))
    bound = min(ball_bound(jacobian, radius, shares) for shares in candidates)
    assert bound - (jacobian @ update).min() <= tolerance
    return weights


@given(seed=SEEDS, n_tasks=st.integers(1, 10), kind=st.sampled_from(KINDS), radius=RADII)
def test_a_ball_without_duality_gap(seed, n_tasks, kind, radius):
    check_ball(jacobian_of(kind, n_tasks, np.random.default_rng(seed)), radius)


@given(seed=SEEDS, n_tasks=st.integers(1, 8), kind=st.sampled_from(KINDS), cosine=COSINES)
def test_a_cone_is_kept(seed, n_tasks, kind, cosine):
    jacobian = jacobian_of(kind, n_tasks, np.random.default_rng(seed))
    mean = jacobian.mean(axis=0)
    update = max_min_slope_in_cone(jacobian @ jacobian.T, cosine) @ jacobian
    assert np.linalg.norm(update) == pytest.approx(np.linalg.norm(mean), abs=1e-6)
    assert update @ mean >= (cosine - 1e-6) * (mean @ mean) - 1e-12


@pytest.mark.parametrize("seed", range(12))
def test_no_direction_of_a_cone_is_better(seed):
    rng = np.random.default_rng(seed)
    n_tasks, cosine = int(rng.integers(2, 6)), (0.0, 0.25, 0.5, 0.9)[seed % 4]
    jacobian = jacobian_of("any", n_tasks, rng)
    jacobian = np.hstack([jacobian, np.full((n_tasks, 1), 0.2)])  # not stationary
    gramian = jacobian @ jacobian.T
    weights = max_min_slope_in_cone(gramian, cosine)
    update = weights @ jacobian
    reached = (jacobian @ update).min() / np.linalg.norm(update)

    def bound(logits):
        return cone_bound(jacobian, cosine, np.exp(logits) / np.exp(logits).sum())

    found = scipy.optimize.minimize(bound, np.zeros(n_tasks), method="Nelder-Mead", tol=1e-9)
    shares = normalised_shares(weights - weights.min())
    least = min(found.fun, cone_bound(jacobian, cosine, shares))
    assert reached <= found.fun + 1e-12
    assert least - reached <= 1e-5


@settings(max_examples=25)
@given(seed=SEEDS, n_tasks=st.integers(2, 8), radius=RADII)
def test_order_and_scale_mean_nothing(seed, n_tasks, radius):
    rng = np.random.default_rng(seed)
    jacobian = np.hstack([rng.normal(size=(n_tasks, n_tasks)), np.eye(n_tasks)])
    gramian, order = jacobian @ jacobian.T, rng.permutation(n_tasks)
    for method, number in ((max_min_slope_in_ball, radius), (max_min_slope_in_cone, 0.9)):
        weights = method(gramian, number)
        shuffled = method(gramian[np.ix_(order, order)], number)
        np.testing.assert_allclose(shuffled, weights[order], atol=1e-7)
        np.testing.assert_allclose(method(gramian * 1e-25, number), weights, atol=1e-7)


def test_known_answers():
    for method, number in ((max_min_slope_in_ball, 0.4), (max_min_slope_in_cone, 0.5)):
        np.testing.assert_array_equal(method(np.zeros((2, 2)), number), [0.5, 0.5])
        opposing = np.array([[1.0, -1.0], [-1.0, 1.0]])
        np.testing.assert_array_equal(method(opposing, number), [0.5, 0.5])
    np.testing.assert_allclose(max_min_slope_in_ball(np.array([[9.0]]), 0.4), [1.4])
    np.testing.assert_allclose(max_min_slope_in_cone(np.array([[9.0]]), 0.4), [1.0])
    np.testing.assert_allclose(max_min_slope_in_ball(np.eye(3), 0.0), np.full(3, 1 / 3))


def test_a_wide_cone_holds_the_shortest_vector_of_the_hull():
    jacobian = np.array([[1.0, 0.2], [0.1, 1.0]])
    gramian = jacobian @ jacobian.T
    weights = max_min_slope_in_cone(gramian, 0.0)
    np.testing.assert_allclose(weights / weights.sum(), min_norm_point(gramian))


def test_many_tasks():
    jacobian = np.random.default_rng(1).normal(size=(150, 200)) + 0.1
    check_ball(jacobian / np.linalg.norm(jacobian, axis=1).max(), 0.4)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("method", [max_min_slope_in_ball, max_min_slope_in_cone])
def test_bad_matrices(method):
    with pytest.raises(ParameterError, match="must be a finite matrix"):
        method(np.array([[np.nan]]), 0.5)
