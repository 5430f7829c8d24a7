"""A population of effects: the restricted likelihood's own equation, and the rest by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from polytask.exceptions import ParameterError
from polytask.statistics import random_effects


def drawn(seed, k, spread=0.3):
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.01, 0.05, k)
    return rng.normal(0.1, spread, k) + rng.normal(0, np.sqrt(variances)), variances


@given(st.integers(0, 10_000), st.integers(2, 40))
def test_the_variance_solves_the_equation_of_restricted_likelihood(seed, k):
    values, variances = drawn(seed, k)
    tau2 = random_effects(values, variances).tau2
    weight = 1 / (variances + tau2)
    mean = np.average(values, weights=weight)
    right = np.average((values - mean) ** 2 - variances, weights=weight**2) + 1 / weight.sum()
    if tau2 > 0:
        assert tau2 == pytest.approx(right, abs=1e-4)
    else:
        assert right <= 1e-4


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("k", [2, 3, 12])
def test_everything_else_follows_from_the_variance(k, level):
    values, variances = drawn(k, k)
    found = random_effects(values, variances, level)
    assert found.tau2 > 0
    weight = 1 / (variances + found.tau2)
    mean = np.average(values, weights=weight)
    error2 = (weight * (values - mean) ** 2).sum() / (k - 1) / weight.sum()
    half = stats.t.ppf((1 + level) / 2, k - 1) * np.sqrt(error2)
    wide = stats.t.ppf((1 + level) / 2, max(k - 2, 1)) * np.sqrt(found.tau2 + error2)
    assert found.mean == pytest.approx(mean)
    assert found.interval == pytest.approx((mean - half, mean + half))
    assert found.prediction == pytest.approx((mean - wide, mean + wide))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(mean) / np.sqrt(error2), k - 1))
    posterior = 1 / (1 / found.tau2 + 1 / variances)
    best = posterior * (mean / found.tau2 + values / variances)
    np.testing.assert_allclose(found.shrunken, best)
    positive = stats.norm.sf(0, best, np.sqrt(posterior)).mean()
    assert found.share_positive == pytest.approx(positive)


@pytest.mark.parametrize("sign", [1, -1])
def test_effects_that_noise_explains_have_no_spread(sign):
    found = random_effects(sign * np.array([0.1, 0.3, 0.2, 0.4]), np.full(4, 0.1))
    assert found.tau2 == 0
    np.testing.assert_allclose(found.shrunken, sign * 0.25)
    assert found.share_positive == (sign > 0)
    half = stats.t.ppf(0.975, 3) * np.sqrt(np.var([1, 3, 2, 4], ddof=1) / 4) / 10
    assert found.interval == pytest.approx((sign * 0.25 - half, sign * 0.25 + half))
    assert found.prediction[1] - found.prediction[0] > found.interval[1] - found.interval[0]


def test_equal_effects_are_certain():
    found = random_effects(np.full(3, 0.5), np.ones(3))
    assert (found.mean, found.p, found.interval) == (0.5, 0, (0.5, 0.5))
    none = random_effects(np.zeros(3), np.ones(3))
    assert (none.mean, none.p, none.share_positive) == (0, 1, 0.5)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (0, 0)])
def test_too_few_effects_are_refused(sizes):
    with pytest.raises(ParameterError, match="at least two values, each with its variance"):
        random_effects(np.zeros(sizes[0]), np.ones(sizes[1]))
