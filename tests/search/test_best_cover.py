"""Overlapping groups under a budget of networks."""

from itertools import combinations

import numpy as np
import pytest

from polytask.exceptions import ParameterError
from polytask.search import best_cover


def _value(affinity, groups):
    def gain(task, group):
        others = [j for j in group if j != task]
        return sum(affinity[task, j] for j in others) / len(others) if others else 0.0

    served = [[gain(i, g) for g in groups if i in g] for i in range(len(affinity))]
    return sum(map(max, served)) if all(served) else -np.inf


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_networks", [1, 2, 3])
def test_no_choice_of_groups_serves_the_tasks_better(seed, n_networks):
    affinity = np.random.default_rng(seed).normal(size=(4, 4))
    np.fill_diagonal(affinity, 0.0)
    groups = [g for size in range(1, 5) for g in combinations(range(4), size)]
    best = max(
        _value(affinity, chosen)
        for size in range(1, n_networks + 1)
        for chosen in combinations(groups, size)
    )
    found = best_cover(affinity, n_networks)
    assert found.exact
    assert found.value == pytest.approx(best)
    named = [tuple(map(int, group)) for group in found.groups]
    assert _value(affinity, named) == pytest.approx(best)
    assert len(found.groups) <= n_networks


def test_one_network_must_serve_all():
    cover = best_cover(-np.ones((3, 3)), 1, tasks=["a", "b", "c"])
    assert cover.groups == (("a", "b", "c"),)


def test_unrelated_tasks_are_alone_if_the_budget_allows():
    assert len(best_cover(np.full((3, 3), 0.4), 3, threshold=0.5).groups) == 3


def test_many_tasks_have_likely_groups_alone_and_the_note_says_so():
    clusters = np.arange(20) // 5
    affinity = np.where(clusters[:, None] == clusters, 1.0, -1.0)
    cover = best_cover(affinity, 4)
    assert sorted(map(len, cover.groups)) == [5] * 4
    assert not cover.exact
    assert "20 tasks are more than the 8" in cover.note


def test_bad_arguments_are_refused():
    with pytest.raises(ParameterError, match="`n_networks` parameter of best_cover must be an int"):
        best_cover(np.zeros((2, 2)), 0)
    with pytest.raises(ParameterError, match="`affinity` parameter of best_cover must be a square"):
        best_cover(np.zeros((2, 3)), 1)
