"""Rankings within groups, against scikit-learn and all orders of ties."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from polytask.exceptions import DataError, ParameterError
from polytask.metrics import ranking_scores


@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("ties", [False, True])
def test_means_over_groups_as_in_scikit_learn(k, ties):
    generator = np.random.default_rng(0)
    groups = generator.permutation(np.arange(240) % 12)
    relevance = generator.integers(0, 3, size=240) * (groups > 1)  # groups 0 and 1 have none
    scores = generator.integers(0, 4, size=240) if ties else generator.normal(size=240)
    got = ranking_scores(groups, relevance, scores, k=k)
    rows = [groups == group for group in range(2, 12)]
    ndcg = [ndcg_score([relevance[row]], [scores[row]], k=k) for row in rows]
    areas = [roc_auc_score(relevance[row] > 0, scores[row]) for row in rows]
    assert got.ndcg == pytest.approx(np.mean(ndcg))
    assert got.auc == pytest.approx(np.mean(areas))
    assert got.n_groups == 10


def test_hits_are_means_over_all_orders_of_ties():
    relevance, scores = np.array([0, 1, 0, 1, 0, 0]), np.array([2, 1, 1, 1, 1, 0])
    for k in range(1, 7):
        orders = [
            order for order in permutations(range(6)) if (np.diff(scores[list(order)]) <= 0).all()
        ]
        hits = [relevance[list(order[:k])].any() for order in orders]
        assert ranking_scores(["a"] * 6, relevance, scores, k=k).hit_rate == pytest.approx(
            np.mean(hits)
        )


def test_groups_without_a_positive_row_are_left_out():
    got = ranking_scores([1, 1, 2], [0, 0, 1], [0.1, 0.2, 0.3])
    assert (got.ndcg, got.hit_rate, got.n_groups) == (1.0, 1.0, 1)
    assert np.isnan(got.auc)  # the only group has no negative row
    assert ranking_scores([1], [0], [0.5]).n_groups == 0


@pytest.mark.parametrize(
    ("relevance", "scores", "sentence"),
    [
        ([1, 0], [0.1, np.nan], "scores must be finite. Got nan in row 1"),
        ([1, -1], [0.1, 0.2], "must not be negative. Got -1.0 in row 1"),
        ([1, 0, 1], [0.1, 0.2], r"three arrays of shape \(n,\)"),
    ],
)
def test_what_cannot_be_ranked_is_said(relevance, scores, sentence):
    with pytest.raises(DataError, match=sentence):
        ranking_scores([1, 1], relevance, scores)


@pytest.mark.usefixtures("unchecked_types")
def test_k_is_checked():
    with pytest.raises(ParameterError, match="`k` parameter of ranking_scores"):
        ranking_scores([1], [1], [1], k=0)
