"""Random effects against published numbers and independent recipes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from polytask.exceptions import ParameterError
from polytask.statistics import random_effects

# Thirteen trials of the BCG vaccine (Colditz et al., JAMA 1994): sick and healthy with, without it.
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
        (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
        (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip


def log_risk_ratios():
    sick, well, sick_without, well_without = BCG.T
    with_it, without = sick + well, sick_without + well_without
    values = np.log(sick / with_it / (sick_without / without))
    return values, 1 / sick - 1 / with_it + 1 / sick_without - 1 / without


def test_the_trials_of_bcg():
    """As metafor's documentation prints for rma(yi, vi, data=dat): tau², estimate, se, Wald ends."""
    values, variances = log_risk_ratios()
    found = random_effects(values, variances)
    assert found.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert found.mean == pytest.approx(-0.7145, abs=5e-5)
    error = 1 / np.sqrt(np.sum(1 / (variances + found.tau2)))
    assert error == pytest.approx(0.1798, abs=5e-5)
    ends = found.mean - 1.959964 * error, found.mean + 1.959964 * error
    assert ends == pytest.approx((-1.0669, -0.3622), abs=5e-5)


def test_more_of_the_trials_of_bcg():
    """Interval and shrunken effects from the formulas, where the REML score is 0."""
    values, variances = log_risk_ratios()
    found = random_effects(values, variances)

    def score(tau2):
        weight = 1 / (variances + tau2)
        around = values - weight @ values / weight.sum()
        return weight**2 @ around**2 - weight.sum() + (weight**2).sum() / weight.sum()

    assert found.tau2 == pytest.approx(optimize.brentq(score, 0.1, 1, xtol=1e-14), rel=1e-6)
    weight = 1 / (variances + found.tau2)
    around = values - weight @ values / weight.sum()
    error = np.sqrt(weight @ around**2 / 12 / weight.sum())
    half = stats.t.ppf(0.975, 12) * error
    assert found.interval == pytest.approx((found.mean - half, found.mean + half))
    assert found.p == pytest.approx(2 * stats.t.sf(-found.mean / error, 12))
    low, high = found.prediction  # wider than with tau² for certain: metafor prints -1.86 and 0.43
    assert -2.3 < low < -1.86
    assert 0.43 < high < 0.9
    for value, variance, guess in zip(values, variances, found.shrunken, strict=True):
        precision = 1 / found.tau2 + 1 / variance
        assert guess == pytest.approx((found.mean / found.tau2 + value / variance) / precision)
    wide = random_effects(values, variances, level=0.99).interval
    assert wide[0] < found.interval[0]
    assert wide[1] > found.interval[1]


@given(st.integers(0, 10**6), st.integers(2, 40), st.floats(0, 2))
def test_tau2_maximises_the_likelihood(seed, k, spread):
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.1, 2, k)
    values = rng.normal(0.3, np.sqrt(variances + spread**2))
    tau2 = random_effects(values, variances).tau2

    def negative(candidate):
        """Minus the normal likelihood of all contrasts, by their covariance."""
        contrasts = np.eye(k)[1:] - np.eye(k)[:-1]
        covariance = contrasts @ np.diag(variances + candidate) @ contrasts.T
        return -stats.multivariate_normal.logpdf(contrasts @ values, cov=covariance)

    best = optimize.minimize_scalar(negative, bounds=(0, 50), method="bounded")
    assert negative(tau2) <= min(best.fun, negative(0.0)) + 1e-6


def test_equal_variances_are_students_t():
    values = np.array([0.1, 0.4, 0.3, -0.2, 0.9])
    found = random_effects(values, np.full(5, 0.01))
    student = stats.ttest_1samp(values, 0)
    assert found.mean == pytest.approx(values.mean())
    assert found.p == pytest.approx(student.pvalue)
    assert found.interval == pytest.approx(student.confidence_interval())
    assert found.tau2 == pytest.approx(values.var(ddof=1) - 0.01, rel=1e-4)


def test_effects_that_differ_by_less_than_noise_are_one():
    values = np.array([0.20, 0.21, 0.19, 0.20])
    found = random_effects(values, np.full(4, 1.0))
    assert found.tau2 == 0
    np.testing.assert_allclose(found.shrunken, 0.2)
    same = random_effects(np.full(4, 0.2), np.full(4, 1.0))
    assert same.interval == (0.2, 0.2)
    assert (same.share_positive, same.p) == (1.0, 0.0)
    nothing = random_effects(np.zeros(4), np.full(4, 1.0))
    assert nothing.p == 1


def test_the_share_that_gains_is_that_of_true_effects():
    rng = np.random.default_rng(0)
    off = []
    for _ in range(80):
        variances = rng.uniform(0.5, 2, 60)
        effects = rng.normal(0.5, 0.7, 60)
        found = random_effects(rng.normal(effects, np.sqrt(variances)), variances)
        off.append(found.share_positive - np.mean(effects > 0))
    assert abs(np.mean(off)) < 0.04
    certain = random_effects(np.array([1.0, 1.1, 0.9, 1.0]), np.full(4, 1.0))
    doubtful = random_effects(np.array([0.3, -0.2, 0.4, -0.1]), np.full(4, 1.0))
    assert certain.share_positive > 0.99
    assert 0.5 < doubtful.share_positive < 0.95


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_coverage_and_level(spread):
    rng = np.random.default_rng(1)
    covered = called = predicted = 0
    for _ in range(120):
        variances = rng.uniform(0.2, 2, 13)
        effects = rng.normal(0, spread, 14)
        found = random_effects(rng.normal(effects[:13], np.sqrt(variances)), variances)
        covered += found.interval[0] <= 0 <= found.interval[1]
        called += found.p <= 0.05
        predicted += found.prediction[0] <= effects[13] <= found.prediction[1]
    assert covered == 120 - called
    assert called / 120 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)
    assert predicted / 120 >= 0.89


def test_the_prediction_interval_is_that_of_drawn_heterogeneity():
    """Against random numbers: Q(tau²) is drawn from χ², then the mean, then one more effect."""
    values, variances = log_risk_ratios()
    rng = np.random.default_rng(0)
    grid = np.linspace(0, 20, 20001)
    weights = 1 / (variances + grid[:, None])
    means = weights @ values / weights.sum(axis=1)
    squares = (weights * (values - means[:, None]) ** 2).sum(axis=1)
    drawn = []
    for square in rng.chisquare(12, 4000):
        tau2 = np.interp(-square, -squares, grid)
        weight = 1 / (variances + tau2)
        mean = weight @ values / weight.sum()
        error = np.sqrt(weight @ (values - mean) ** 2 / 12 / weight.sum())
        drawn.append(mean + rng.standard_t(12) * np.sqrt(error**2 + tau2))
    expected = np.quantile(drawn, [0.025, 0.975])
    found = random_effects(values, variances).prediction
    assert found == pytest.approx(tuple(expected), abs=0.12)


def test_one_effect_is_refused():
    with pytest.raises(ParameterError, match="at least two values, each with its variance"):
        random_effects(np.ones(1), np.ones(1))
