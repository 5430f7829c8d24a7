"""The weights satisfy the optimality conditions of the projection, whatever the vectors."""

import numpy as np
import pytest
import scipy.optimize
from drawn_vectors import jacobian_of
from hypothesis import given
from hypothesis import strategies as st

from polytask._linalg import project_dual_cone
from polytask.exceptions import ParameterError

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("any", "low rank", "repeated", "balanced", "agreeing", "lengths", "zero rows", "line")


def residual(gramian, least, weights):
    """Largest slope with a wrong sign, relative to the vector's length and to the weights."""
    lengths = np.sqrt(np.diag(gramian))
    scale = (weights @ lengths)[:, None] * lengths
    slopes = weights @ gramian
    wrong = np.where(weights > least, np.abs(slopes), -slopes)[scale > 0]
    return (wrong / scale[scale > 0]).max(initial=0.0)


def check(gramian, least, tolerance=1e-10):
    before = gramian.copy(), least.copy()
    weights = project_dual_cone(gramian, least)
    np.testing.assert_array_equal(gramian, before[0])
    np.testing.assert_array_equal(least, before[1])
    assert (weights >= least).all()
    assert residual(gramian, least, weights) <= tolerance
    return weights


@given(seed=SEEDS, n_tasks=st.integers(1, 12), kind=st.sampled_from(KINDS))
def test_the_optimality_conditions(seed, n_tasks, kind):
    rng = np.random.default_rng(seed)
    jacobian = jacobian_of(kind, n_tasks, rng)
    others = rng.uniform(size=(3, n_tasks)) * (rng.random((3, n_tasks)) < 0.7)
    check(jacobian @ jacobian.T, np.vstack([np.eye(n_tasks), others]))


@given(seed=SEEDS, n_tasks=st.integers(1, 10), width=st.integers(1, 14))
def test_the_same_projection_as_an_independent_solver(seed, n_tasks, width):
    jacobian = np.random.default_rng(seed).normal(size=(n_tasks, width))
    projections = check(jacobian @ jacobian.T, np.eye(n_tasks)) @ jacobian
    for vector, projection in zip(jacobian, projections, strict=True):
        added, _ = scipy.optimize.nnls(jacobian.T, -vector, maxiter=1000)
        np.testing.assert_allclose(projection, vector + added @ jacobian, atol=1e-6)


@given(seed=SEEDS, exponent=st.integers(-15, 15))
def test_two_vectors_in_closed_form(seed, exponent):
    one, other = np.random.default_rng(seed).normal(size=(2, 3)) * [[1.0], [10.0**exponent]]
    added = max(0.0, -(one @ other) / (other @ other))
    jacobian = np.stack([one, other])
    weights = check(jacobian @ jacobian.T, np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(weights, [[1.0, added]], rtol=1e-9)


@given(seed=SEEDS, n_tasks=st.integers(2, 10))
def test_order_and_scale_mean_nothing(seed, n_tasks):
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(n_tasks, 2 * n_tasks))
    gramian, order = jacobian @ jacobian.T, rng.permutation(n_tasks)
    weights = check(gramian, np.eye(n_tasks))
    shuffled = check(gramian[np.ix_(order, order)], np.eye(n_tasks))
    np.testing.assert_allclose(shuffled, weights[np.ix_(order, order)], atol=1e-9)
    np.testing.assert_allclose(check(gramian * 1e-25, np.eye(n_tasks)), weights, atol=1e-9)


def test_known_answers():
    np.testing.assert_array_equal(project_dual_cone(np.array([[4.0]]), np.array([[3.0]])), [[3.0]])
    np.testing.assert_array_equal(project_dual_cone(np.zeros((2, 2)), np.eye(2)), np.eye(2))
    np.testing.assert_array_equal(project_dual_cone(np.eye(3), np.zeros((1, 3))), np.zeros((1, 3)))
    agreeing = np.array([[1.0, 0.5], [0.5, 1.0]])
    np.testing.assert_array_equal(project_dual_cone(agreeing, np.eye(2)), np.eye(2))
    opposing = np.array([[1.0, -2.0], [-2.0, 4.0]])
    np.testing.assert_allclose(project_dual_cone(opposing, np.eye(2)), [[1.0, 0.5], [2.0, 1.0]])


def test_rounding_below_zero_is_borne():
    rng = np.random.default_rng(5)
    jacobian = rng.normal(size=(30, 20)).astype(np.float32)
    gramian = (jacobian @ jacobian.T).astype(np.float64)
    assert np.linalg.eigvalsh(gramian).min() < 0
    check(gramian, np.eye(30), tolerance=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_many_tasks(kind):
    jacobian = jacobian_of(kind, 90, np.random.default_rng(3))
    check(jacobian @ jacobian.T, np.eye(90))


def test_many_independent_vectors():
    jacobian = np.random.default_rng(7).normal(size=(160, 400))
    weights = check(jacobian @ jacobian.T, np.eye(160))
    assert ((weights > np.eye(160)).sum(axis=1) > 20).all()  # many conflict


@pytest.mark.parametrize("width", [20, 60, 119])
def test_all_vectors_in_balance(width):
    jacobian = np.random.default_rng(8).normal(size=(120, width))
    jacobian[-1] = -np.random.default_rng(9).dirichlet(np.ones(119)) @ jacobian[:-1]
    updates = check(jacobian @ jacobian.T, np.eye(120)) @ jacobian
    assert np.linalg.norm(updates, axis=1).max() < 1e-4


@pytest.mark.parametrize(("n_tasks", "width"), [(1000, 300), (500, 750), (500, 2000)])
def test_hundreds_of_tasks(n_tasks, width):
    jacobian = np.random.default_rng(4).normal(size=(n_tasks, width))
    check(jacobian @ jacobian.T, np.eye(n_tasks))


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("gramian", [np.zeros((0, 0)), np.array([[np.nan]]), np.array([[np.inf]])])
def test_bad_matrices(gramian):
    with pytest.raises(
        ParameterError, match="`gramian` parameter of project_dual_cone must be a finite"
    ):
        project_dual_cone(gramian, np.zeros((1, len(gramian))))
