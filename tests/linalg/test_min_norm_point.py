"""The point found satisfies the optimality conditions, whatever the vectors."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from polytask._linalg import min_norm_point
from polytask.exceptions import ParameterError

SEEDS = st.integers(0, 2**32 - 1)


def residual(gramian, weights):
    """Largest violation of the optimality conditions, relative to the vectors' lengths."""
    lengths = np.sqrt(np.diag(gramian))
    scale = lengths * (weights @ lengths)
    slack = gramian @ weights - weights @ gramian @ weights
    free = scale > 0
    if not free.any():
        return 0.0
    below = (-slack[free] / scale[free]).max()
    uneven = np.abs(weights * slack).sum() / (weights @ lengths) ** 2
    return max(below, uneven)


def check(gramian, tolerance=1e-10):
    before = gramian.copy()
    weights = min_norm_point(gramian)
    np.testing.assert_array_equal(gramian, before)
    assert (weights >= 0).all()
    assert abs(weights.sum() - 1) <= 1e-12
    assert residual(gramian, weights) <= tolerance
    return weights


def gramian_of(kind, n_tasks, rng):
    width = int(rng.integers(1, 2 * n_tasks + 1))
    jacobian = rng.normal(size=(n_tasks, width))
    if kind == "low rank":
        rank = int(rng.integers(1, n_tasks + 1))
        jacobian = rng.normal(size=(n_tasks, rank)) @ rng.normal(size=(rank, width))
    elif kind == "repeated rows":
        jacobian = jacobian[rng.integers(0, n_tasks, n_tasks)]
    elif kind == "stationary":  # the origin lies in the hull
        jacobian[-1] = (
            -rng.dirichlet(np.ones(max(n_tasks - 1, 1))) @ jacobian[: max(n_tasks - 1, 1)]
        )
    elif kind == "agreeing":  # up to a ten-thousandth
        jacobian /= np.linalg.norm(jacobian, axis=1, keepdims=True)
        jacobian = np.hstack([np.ones((n_tasks, 1)), 1e-4 * jacobian])
    elif kind == "lengths":
        jacobian = jacobian * 10.0 ** rng.uniform(-15, 15, (n_tasks, 1))
    elif kind == "zero rows":
        jacobian[rng.random(n_tasks) < 0.3] = 0.0
    elif kind == "conflict":
        jacobian = np.repeat(rng.normal(size=(1, width)), n_tasks, axis=0)
        jacobian *= rng.choice([-1.0, 1.0, 2.0], (n_tasks, 1))
    return jacobian @ jacobian.T


KINDS = [
    "any",
    "low rank",
    "repeated rows",
    "stationary",
    "agreeing",
    "lengths",
    "zero rows",
    "conflict",
]


def test_rows_that_enter_together_may_be_dependent():
    rng = np.random.default_rng(765)
    check(gramian_of("repeated rows", int(rng.integers(1, 40)), rng))


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEEDS, n_tasks=st.integers(1, 25), exponent=st.integers(-15, 15))
def test_optimality(kind, seed, n_tasks, exponent):
    rng = np.random.default_rng(seed)
    check(gramian_of(kind, n_tasks, rng) * 10.0 ** (2 * exponent))


@given(seed=SEEDS, n_tasks=st.integers(1, 12))
def test_the_same_norm_as_an_independent_solver(seed, n_tasks):
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(n_tasks, 6)) + 0.5
    weights = check(jacobian @ jacobian.T)
    # Non-negative least squares on the vectors with a last coordinate of one.
    solution, _ = scipy.optimize.nnls(
        np.vstack([jacobian.T, np.ones(n_tasks)]), np.r_[np.zeros(6), 1.0]
    )
    reference = np.linalg.norm(solution / solution.sum() @ jacobian)
    assert np.linalg.norm(weights @ jacobian) == pytest.approx(reference, rel=1e-6, abs=1e-7)


@given(seed=SEEDS, exponent=st.integers(-15, 15))
def test_two_vectors_in_closed_form(seed, exponent):
    one, other = np.random.default_rng(seed).normal(size=(2, 3)) * 10.0**exponent
    gap = other - one
    share = np.clip(other @ gap / (gap @ gap), 0, 1)
    jacobian = np.stack([one, other])
    np.testing.assert_allclose(check(jacobian @ jacobian.T), [share, 1 - share], atol=1e-9)


@given(seed=SEEDS, n_tasks=st.integers(2, 10))
def test_order_and_scale_mean_nothing(seed, n_tasks):
    rng = np.random.default_rng(seed)
    gramian = gramian_of("any", n_tasks, rng) + np.eye(n_tasks)  # one optimum
    order = rng.permutation(n_tasks)
    weights = check(gramian)
    np.testing.assert_allclose(check(gramian[np.ix_(order, order)]), weights[order], atol=1e-9)
    np.testing.assert_allclose(check(gramian * 1e-20), weights, atol=1e-9)


def test_known_answers():
    np.testing.assert_array_equal(min_norm_point(np.array([[4.0]])), [1.0])
    np.testing.assert_array_equal(min_norm_point(np.zeros((4, 4))), np.full(4, 0.25))
    np.testing.assert_allclose(min_norm_point(np.diag([1.0, 2.0, 4.0])), np.array([4, 2, 1]) / 7)
    np.testing.assert_array_equal(min_norm_point(np.diag([1.0, 0.0, 0.0])), [0.0, 0.5, 0.5])
    aligned = np.outer([1.0, 3.0], [1.0, 3.0])
    np.testing.assert_allclose(min_norm_point(aligned), [1.0, 0.0])


@pytest.mark.parametrize("kind", ["any", "low rank", "stationary", "agreeing", "lengths"])
def test_many_tasks(kind):
    check(gramian_of(kind, 300, np.random.default_rng(3)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_tasks(kind):
    check(gramian_of(kind, 1000, np.random.default_rng(4)))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("gramian", [np.zeros((0, 0)), np.array([[np.nan]]), np.array([[np.inf]])])
def test_bad_matrices(gramian):
    with pytest.raises(ParameterError, match="`gramian` parameter of min_norm_point must be a fin"):
        min_norm_point(gramian)
