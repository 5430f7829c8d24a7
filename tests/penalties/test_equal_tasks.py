"""Penalties on differences of tasks: exact equalities, groups, references."""

import numpy as np
import pytest
from sklearn.isotonic import isotonic_regression

from polytask.exceptions import ParameterError
from polytask.penalties import L1MeanDeviation, MeanDeviation, PairwiseL1, TraceNorm
from polytask.penalties._isotonic import isotonic


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_mean_deviation_is_the_variance_over_tasks():
    weights = drawn(4, 3)
    assert MeanDeviation(alpha=1.0).value(weights) == pytest.approx(0.5 * 4 * weights.var(0).sum())


def test_groups_are_penalised_apart():
    weights = drawn(5, 2, 3)
    penalty = MeanDeviation(alpha=0.7, groups=((0, 2), (1, 3, 4)))
    one, other = weights[[0, 2]], weights[[1, 3, 4]]
    assert penalty.value(weights) == pytest.approx(
        MeanDeviation(alpha=0.7).value(one) + MeanDeviation(alpha=0.7).value(other)
    )
    moved = penalty.prox(weights, 2.0)
    np.testing.assert_allclose(moved[[0, 2]], MeanDeviation(alpha=0.7).prox(one, 2.0))


def test_groups_of_named_tasks():
    weights = drawn(3, 2)
    named = MeanDeviation(alpha=1.0, groups=(("a", "c"), ("b",)))
    assert named.for_tasks("abc") == MeanDeviation(alpha=1.0, groups=((0, 2), (1,)))
    assert named.for_tasks("bca").value(weights) == pytest.approx(
        MeanDeviation(alpha=1.0).value(weights[[1, 2]])
    )
    assert MeanDeviation().for_tasks("abc") == MeanDeviation()
    assert TraceNorm().for_tasks("abc") == TraceNorm()


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ((("a", "c"),), "must name every task once. It leaves out 'b'."),
        ((("a", "c"), ("b", "a")), "must name every task once. It names 'a' twice."),
        ((("a", "bb"), ("c",)), "must name every task once. It names 'bb'. Did you mean 'b'?"),
        ((("a", 1), ("c",)), "must name every task once. It names 1. Known: a, b, c."),
    ],
)
def test_groups_of_other_tasks(groups, sentence):
    with pytest.raises(ParameterError) as caught:
        MeanDeviation(groups=groups).for_tasks(list("abc"))
    assert str(caught.value) == f"The `groups` parameter of MeanDeviation {sentence}"


@pytest.mark.parametrize(
    "groups", [((0, 1),), ((0, 1), (1, 2)), ((0, 1), (3,)), (("a", "b", "c"),)]
)
def test_groups_of_other_rows(groups):
    with pytest.raises(ParameterError) as caught:
        MeanDeviation(groups=groups).value(np.ones((3, 2)))
    assert str(caught.value) == (
        "The `groups` parameter of MeanDeviation must be groups of the rows 0 to 2 of W, each once. "
        f"Got {groups!r} instead. Names of tasks become rows by `for_tasks(names)`."
    )


def test_tasks_near_the_mean_become_equal_to_it():
    weights = np.array([[0.0], [3.5], [4.5], [8.0]])
    point = L1MeanDeviation(alpha=1.0).prox(weights, 1.0)
    assert point[1, 0] == point[2, 0] == 4.0


@pytest.mark.parametrize("n_tasks", [2, 3, 7])
def test_a_strong_penalty_makes_all_tasks_equal_to_the_mean(n_tasks):
    weights = drawn(n_tasks, 6)
    for penalty in (L1MeanDeviation(alpha=50.0), PairwiseL1(alpha=50.0)):
        point = penalty.prox(weights, 1.0)
        assert (point == point[:1]).all()
        np.testing.assert_allclose(point[0], weights.mean(0))


def test_pairwise_values_are_those_of_all_pairs():
    weights = drawn(6, 4)
    total = sum(abs(weights[i] - weights[j]).sum() for i in range(6) for j in range(i))
    assert PairwiseL1(alpha=0.3).value(weights) == pytest.approx(0.3 * total)


def test_clusters_become_exactly_equal():
    centres = np.repeat([[0.0], [5.0]], 3, axis=0)
    point = PairwiseL1(alpha=0.1).prox(centres + 0.05 * drawn(6, 4), 1.0)
    assert (point[:3] == point[0]).all()
    assert (point[3:] == point[3]).all()
    assert (point[3] - point[0] > 4).all()


def test_isotonic_regression_is_that_of_scikit_learn():
    rows = np.round(drawn(50, 30), 1)  # with ties
    wanted = np.stack([isotonic_regression(row) for row in rows])
    np.testing.assert_allclose(isotonic(rows), wanted, atol=1e-12)
