import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from polytask.evaluation.judging._intervals import interval, p_value, seed_noise


def test_interval_leaves_two_and_a_half_percent_on_each_side():
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


def test_undefined_replicates_are_left_out_unless_they_are_most():
    assert interval(np.array([1.0, 1.0, np.nan])) == (1.0, 1.0)
    assert interval(np.array([1.0, np.nan, np.nan])) is None
    assert p_value(np.array([1.0, np.nan, np.nan])) is None


def test_p_value_is_never_zero_and_at_most_one():
    assert p_value(np.ones(999)) == pytest.approx(2 / 1000)
    assert p_value(np.zeros(999)) == 1.0


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_p_value_and_interval_agree(seed, shift):
    replicates = np.random.default_rng(seed).normal(shift, 1, 1999)
    low, high = interval(replicates)
    p = p_value(replicates)
    if p < 0.049:
        assert low > 0 or high < 0
    if p > 0.051:
        assert low <= 0 <= high


def test_p_value_is_two_sided():
    replicates = np.random.default_rng(0).normal(0.7, 1, 999)
    assert p_value(replicates) == pytest.approx(p_value(-replicates))


def test_noise_of_seeds_is_students_t():
    per_run = np.array([0.1, 0.4, -0.2, 0.3])
    noise = seed_noise(per_run, 200_000)
    low, high = stats.t.interval(0.95, 3, loc=0, scale=stats.sem(per_run))
    assert np.quantile(noise, [0.025, 0.975]) == pytest.approx([low, high], rel=0.03)


def test_one_run_or_equal_runs_add_nothing():
    assert not seed_noise(np.array([0.3]), 5).any()
    assert not seed_noise(np.array([0.3, np.nan]), 5).any()
    assert not seed_noise(np.array([0.25, 0.25]), 5).any()
