"""The exchange test against enumeration, itself and normal tails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from polytask.statistics import _sign_flip
from polytask.statistics._sign_flip import sign_flip

AMOUNTS = st.lists(st.floats(-3, 3).map(lambda x: round(x, 2)), min_size=1, max_size=8)


def by_hand(amounts):
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(amounts))).reshape(len(amounts), -1)
    beyond = np.abs(amounts @ signs) - abs(amounts.sum())
    if abs(amounts.sum()) < 1e-9:
        return 1.0
    tied = max(np.mean(np.abs(beyond) <= 1e-9) / 2, 2.0 ** (1 - np.count_nonzero(amounts)))
    return np.mean(beyond > 1e-9) + tied


@given(AMOUNTS)
def test_enumeration_counts_all_exchanges(values):
    amounts = np.array(values)
    found = sign_flip(amounts[None])[0]
    assert found == pytest.approx(by_hand(amounts))
    assert found >= 2.0 * 2.0 ** -len(values) or found == 1
    assert sign_flip(-amounts[None])[0] == pytest.approx(found)
    assert sign_flip(amounts[None, ::-1])[0] == pytest.approx(found)


def test_signed_ranks_are_wilcoxons_with_ties_counted_half():
    rng = np.random.default_rng(0)
    for n in (7, 12):
        values = rng.normal(0.5, 1, n)
        ranks = np.sign(values) * stats.rankdata(np.abs(values))
        distribution = np.ones(1)
        for rank in range(1, n + 1):
            distribution = np.convolve(distribution, np.eye(rank + 1)[[0, rank]].sum(0) / 2)
        tied = 2 * distribution[int(ranks[ranks > 0].sum())]
        exact = stats.wilcoxon(values, method="exact").pvalue
        assert sign_flip(ranks[None])[0] == pytest.approx(
            exact - tied + max(tied / 2, 2.0 ** (1 - n))
        )


@pytest.mark.parametrize("n", [6, 10, 12, 20, 60])
def test_zeros_and_ones_are_mcnemars_mid_p(n):
    ours_alone = n - n // 4
    amounts = np.concatenate([np.ones(ours_alone), -np.ones(n - ours_alone), np.zeros(9)])
    mid = 2 * stats.binom.sf(ours_alone, n, 0.5) + stats.binom.pmf(ours_alone, n, 0.5)
    found = sign_flip(amounts[None])[0]
    few = n <= 12  # beyond, signs are drawn
    assert found == pytest.approx(mid, rel=1e-9 if few else 0.3, abs=1e-12 if few else 1e-3)


@pytest.mark.parametrize("n", [13, 40])
def test_drawn_signs_agree_with_all_signs(n, monkeypatch):
    rng = np.random.default_rng(n)
    amounts = np.zeros((30, n))
    amounts[:, rng.permutation(n)[:12]] = rng.normal(0.3, 1, (30, 12))
    exact = sign_flip(amounts)
    monkeypatch.setattr(_sign_flip, "_ENUMERATED", 5)
    drawn = sign_flip(amounts)
    error = np.maximum(exact / np.sqrt(100), 0.002)
    assert np.all(np.abs(drawn - exact) < 4 * error)


def test_drawn_signs_agree_with_the_normal_form(monkeypatch):
    rng = np.random.default_rng(0)
    amounts = rng.normal(0.03, 1, (20, 1000)) * rng.exponential(size=1000)
    drawn = sign_flip(amounts, n_tests=500)
    monkeypatch.setattr(_sign_flip, "_ASYMPTOTIC", 500)
    normal = sign_flip(amounts, n_tests=500)
    assert np.all(np.abs(drawn - normal) < 4 * np.maximum(normal / np.sqrt(100), 1e-3))


def test_all_studies_are_tested_as_if_alone():
    amounts = np.random.default_rng(0).normal(0.2, 1, (5, 30))
    together = sign_flip(amounts)
    alone = [sign_flip(one[None])[0] for one in amounts]
    np.testing.assert_array_equal(together, alone)


def test_large_sums_need_no_draws_and_have_a_valid_p():
    amounts = np.ones((1, 60))
    found = sign_flip(amounts)[0]
    assert 2.0 * 2.0**-60 <= found < 1e-4
    assert sign_flip(np.ones((1, 15)))[0] >= 2.0 * 2.0**-15


def test_p_is_valid_under_exchange():
    rng = np.random.default_rng(1)
    amounts = rng.standard_t(3, (4000, 25))
    p = sign_flip(amounts)
    for level in (0.01, 0.05, 0.2):
        assert np.mean(p <= level) <= level + 3 * np.sqrt(level / 4000)


def test_zero_contributions_have_a_p_of_one():
    np.testing.assert_array_equal(sign_flip(np.zeros((2, 5))), [1, 1])
    np.testing.assert_array_equal(sign_flip(np.zeros((1, 0))), [1])


def test_more_tests_draw_more():
    amounts = np.random.default_rng(0).normal(0.62, 1, (1, 30))
    few, many = sign_flip(amounts)[0], sign_flip(amounts, n_tests=2000)[0]
    assert few == pytest.approx(many, abs=0.002)
