"""Bargaining weights satisfy their equation; where none can, their update is zero."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from polytask._linalg import bargaining_weights, min_norm_point
from polytask._linalg._bargaining import _step_length
from polytask.exceptions import ParameterError

SEEDS = st.integers(0, 100_000)
ALPHAS = st.sampled_from([0.5, 1.0, 2.0, 4.0])


def random_vectors(seed, n_vectors, n_columns, shift=0.0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n_vectors, n_columns)) + shift


def residual(gramian, weights, alpha, shares=1.0):
    return np.abs((weights / shares) ** (1 / alpha) * (gramian @ weights) - 1).max()


def height(vectors):
    """Squared distance of the unit vectors' hull from zero: is there a bargain?"""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    point = min_norm_point(units @ units.T)
    return float(np.square(point @ units).sum())


@given(SEEDS, st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.0, 1.0]), ALPHAS)
def test_the_equation_holds_wherever_it_has_a_solution(seed, n_vectors, n_columns, shift, alpha):
    vectors = random_vectors(seed, n_vectors, n_columns, shift)
    gramian = vectors @ vectors.T
    weights = bargaining_weights(gramian, alpha)
    assert (weights >= 0).all()
    if height(vectors) > 1e-4:
        assert residual(gramian, weights, alpha) < 1e-10
    else:
        longest = np.abs(weights * np.sqrt(np.diag(gramian))).max()
        assert (gramian @ weights >= -1e-9 * longest * np.sqrt(np.diag(gramian))).all()


@given(SEEDS, st.integers(1, 8), ALPHAS, st.floats(-15, 15), st.sampled_from([0.0, 2.0]))
def test_any_scale_will_do(seed, n_vectors, alpha, magnitude, spread):
    generator = np.random.default_rng(seed)
    sizes = 10.0 ** (magnitude + generator.uniform(-spread, spread, n_vectors))
    vectors = random_vectors(seed, n_vectors, 20) * sizes[:, None]
    gramian = vectors @ vectors.T
    assert residual(gramian, bargaining_weights(gramian, alpha), alpha) < 1e-10


@given(SEEDS, st.integers(1, 8), st.floats(-9, 9))
def test_the_bargain_does_not_depend_on_the_units_of_each(seed, n_vectors, spread):
    vectors = random_vectors(seed, n_vectors, 20)
    sizes = 10.0 ** (spread * np.random.default_rng(seed).uniform(-1, 1, n_vectors))
    plain = bargaining_weights(vectors @ vectors.T)
    rescaled = vectors * sizes[:, None]
    np.testing.assert_allclose(bargaining_weights(rescaled @ rescaled.T) * sizes, plain, rtol=1e-8)


@given(SEEDS, st.integers(1, 6), ALPHAS)
def test_shares_enter_the_equation(seed, n_vectors, alpha):
    vectors = random_vectors(seed, n_vectors, 10)
    shares = np.random.default_rng(seed).uniform(0.5, 2.0, n_vectors)
    gramian = vectors @ vectors.T
    assert residual(gramian, bargaining_weights(gramian, alpha, shares), alpha, shares) < 1e-10


@pytest.mark.parametrize("n_vectors", [40, 200, 1000])
def test_many_vectors(n_vectors):
    vectors = random_vectors(0, n_vectors, n_vectors // 2, shift=0.5)
    gramian = vectors @ vectors.T
    assert residual(gramian, bargaining_weights(gramian), 1.0) < 1e-10


def test_a_general_minimiser_finds_the_same():
    vectors = random_vectors(3, 5, 7)
    gramian = vectors @ vectors.T

    def objective(logs):
        weights = np.exp(logs)
        return weights @ gramian @ weights / 2 - 2 * np.sqrt(weights).sum()

    found = minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(bargaining_weights(gramian, 2.0), np.exp(found.x), rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_opposing_vectors_get_an_update_of_zero(alpha):
    vectors = np.array([[1.0, 2.0, 0.0], [-3.0, -6.0, 0.0], [0.0, 0.0, 1.0]])
    weights = bargaining_weights(vectors @ vectors.T, alpha)
    np.testing.assert_allclose(weights @ vectors, 0.0, atol=1e-12)
    assert 0 < weights.sum() <= 1 + 1e-12


@given(SEEDS, st.integers(3, 12))
def test_a_stationary_point_gets_an_update_of_zero(seed, n_vectors):
    vectors = random_vectors(seed, n_vectors, 20)
    vectors -= vectors.mean(axis=0)
    weights = bargaining_weights(vectors @ vectors.T)
    np.testing.assert_allclose(weights @ vectors, 0.0, atol=1e-6)


def test_what_rounding_may_have_made_is_no_bargain():
    gramian = np.array([[1.0, -1.0 + 1e-5], [-1.0 + 1e-5, 1.0]])
    np.testing.assert_allclose(bargaining_weights(gramian), 1 / np.sqrt(1e-5), rtol=1e-6)
    np.testing.assert_allclose(bargaining_weights(gramian, precision=1e-7), 0.5)


def test_vectors_of_length_zero_do_not_take_part():
    gramian = np.diag([1.0, 0.0, 4.0])
    np.testing.assert_allclose(bargaining_weights(gramian), [1.0, 0.75, 0.5])
    np.testing.assert_allclose(bargaining_weights(np.zeros((2, 2))), 1.0)


def test_it_refuses_what_is_no_gramian():
    with pytest.raises(ParameterError, match="gramian"):
        bargaining_weights(np.array([[np.nan]]))


def test_the_input_is_left_alone():
    gramian = np.diag([1.0, 0.0, 4.0])
    kept = gramian.copy()
    bargaining_weights(gramian)
    np.testing.assert_array_equal(gramian, kept)


@pytest.mark.parametrize(("length", "weight"), [(10.0, 0.1), (1000.0, 0.001), (0.1, 0.5)])
def test_opposing_vectors_get_the_weights_of_each_alone_or_1_in_sum(length, weight):
    gramian = length**2 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    np.testing.assert_allclose(bargaining_weights(gramian), [weight, weight], rtol=1e-9)


@given(SEEDS, st.integers(1, 8), ALPHAS)
def test_a_step_stays_inside_and_does_not_overshoot_the_minimum_by_much(seed, n_vectors, alpha):
    generator = np.random.default_rng(seed)
    vectors = random_vectors(seed, n_vectors, 10)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines, beta = vectors @ vectors.T, 1 / alpha
    wanted = generator.uniform(0.2, 5, n_vectors)
    point = 10 ** generator.uniform(-2, 2, n_vectors)

    def slopes(at):
        return cosines @ at - wanted * at**-beta

    hessian = cosines + np.diag(beta * wanted * point ** (-beta - 1))
    step = -np.linalg.solve(hessian, slopes(point))
    length = _step_length(cosines, wanted, beta, point, step)
    assert 0 < length <= 1
    assert (point + length * step > 0).all()
    assert step @ slopes(point + length * step) <= 0.3 * abs(step @ slopes(point)) + 1e-9
