"""The direction that vectors share, against the pseudo-inverse of the vectors themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask._linalg import damped, even_direction, normalised
from polytask.exceptions import ParameterError

EPS = np.finfo(float).eps


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 8), st.integers(-100, 100))
def test_shares_are_those_of_the_pseudo_inverse(seed, n_vectors, n_columns, power):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_vectors, n_columns))
    vectors[rng.random(n_vectors) < 0.2] = 0.0
    lengths = np.linalg.norm(vectors, axis=1)
    units = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    scaled = vectors * 10.0**power
    shares, projections, given_lengths = even_direction(scaled @ scaled.T, EPS)
    wanted = np.linalg.pinv(units, rcond=1e-7) @ np.ones(n_vectors)
    np.testing.assert_allclose(units.T @ shares, wanted, atol=1e-7 * (1 + np.abs(wanted).max()))
    np.testing.assert_allclose(projections, units @ wanted, atol=1e-7)
    np.testing.assert_allclose(given_lengths, lengths / (lengths.max() or 1.0), rtol=1e-12)


def test_lengths_of_any_ratio_are_the_same_direction():
    units = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 4)))[0][:4]
    vectors = units * 10.0 ** np.array([[-70.0], [0.0], [7.0], [70.0]])
    shares, projections, _ = even_direction(vectors @ vectors.T, EPS)
    unscaled, _, _ = even_direction(units @ units.T, EPS)
    np.testing.assert_allclose(shares, unscaled, rtol=1e-9)
    np.testing.assert_allclose(projections, 1.0, rtol=1e-9)


def test_nothing_is_shared_by_opposing_vectors():
    vectors = np.array([[0.1, 0.7, -0.3], [-0.1, -0.7, 0.3]]) * [[1.0], [1.7]]
    shares, projections, _ = even_direction(vectors @ vectors.T, EPS)
    assert not shares.any()
    assert not projections.any()


def test_only_finite_gramians_are_taken():
    with pytest.raises(ParameterError, match="a finite matrix of at least one row"):
        normalised(np.array([[np.nan]]))


def test_damping_leaves_exact_products_and_lengthens_what_cancels():
    gramian = np.array([[4.0, -2.0], [-2.0, 1.0]])
    assert damped(gramian, EPS) is gramian
    noisy = damped(gramian, 1e-7)
    np.testing.assert_array_equal(gramian, [[4.0, -2.0], [-2.0, 1.0]])
    cancelling = np.array([1.0, 2.0])
    np.testing.assert_allclose(cancelling @ noisy @ cancelling, 2e-7 * 8, rtol=1e-8)
