"""Partitions of tasks by affinity."""

import numpy as np
import pytest

from polytask.exceptions import ParameterError
from polytask.search import Partition, best_partition
from polytask.search._exact_partition import exact_partition
from polytask.search._local_partition import local_partition
from polytask.search._objective import group_value, upper_bound


def _all_partitions(tasks):
    if not tasks:
        yield []
        return
    first, *rest = tasks
    for smaller in _all_partitions(rest):
        yield [[first], *smaller]
        for position, group in enumerate(smaller):
            yield [*smaller[:position], [first, *group], *smaller[position + 1 :]]


def _value(affinity, groups, objective):
    return sum(group_value(affinity, np.array(group), objective) for group in groups)


@pytest.mark.parametrize("objective", ["sum", "mean"])
@pytest.mark.parametrize("seed", range(4))
def test_no_partition_has_a_larger_value_than_the_exact_one(objective, seed):
    affinity = np.random.default_rng(seed).normal(size=(6, 6))
    found = _value(affinity, exact_partition(affinity, objective), objective)
    values = [_value(affinity, groups, objective) for groups in _all_partitions(range(6))]
    assert len(values) == 203
    assert found == pytest.approx(max(values))
    assert upper_bound(affinity, objective) >= max(values)
    assert _value(affinity, local_partition(affinity, objective, 20, 0), objective) <= found + 1e-9


@pytest.mark.parametrize("objective", ["sum", "mean"])
def test_every_task_is_in_one_group(objective):
    affinity = np.random.default_rng(0).normal(size=(25, 25))
    partition = best_partition(affinity, objective=objective)
    assert sorted(int(task) for group in partition.groups for task in group) == list(range(25))
    assert all(task in partition.groups[own] for task, own in partition.served_by.items())


def test_many_tasks_keep_their_planted_clusters_and_the_note_says_that_the_search_is_not_exact():
    clusters = np.arange(60) // 5
    noise = np.random.default_rng(0).normal(size=(60, 60))
    affinity = 0.9 * (clusters[:, None] == clusters) + 0.4 * noise
    partition = best_partition(affinity, threshold=0.5)
    assert sorted(map(len, partition.groups)) == [5] * 12
    assert not partition.exact
    assert "60 tasks are more than the 20" in partition.note
    assert "local searches" in partition.note


def test_many_tasks_that_all_belong_together_are_known_to_be_the_best():
    partition = best_partition(np.ones((40, 40)))
    assert partition.exact
    assert len(partition.groups) == 1


def test_unrelated_tasks_stay_apart():
    assert len(best_partition(-np.ones((5, 5))).groups) == 5
    assert len(best_partition(np.full((5, 5), 0.4), threshold=0.5).groups) == 5


def test_the_mean_prefers_the_best_pairs_to_whole_clusters():
    affinity = np.full((4, 4), 0.8)
    affinity[0, 1] = affinity[1, 0] = affinity[2, 3] = affinity[3, 2] = 1.0
    assert best_partition(affinity).groups == (("0", "1", "2", "3"),)
    pairs = best_partition(affinity, objective="mean").groups
    assert pairs == (("0", "1"), ("2", "3"))


def test_a_partition_survives_json():
    partition = best_partition([[0, 1.0], [1.0, 0]], tasks=["a", "b"])
    assert Partition.from_dict(partition.to_dict()) == partition


@pytest.mark.parametrize(
    ("affinity", "got"),
    [
        (np.zeros((3, 4)), r"an array of shape \(3, 4\)"),
        (np.zeros(3), r"an array of shape \(3,\)"),
        ([[0, np.nan], [1, 0]], "nan in row 0, column 1"),
        ([[0, 1], [np.inf, 0]], "inf in row 1, column 0"),
        ([["x"]], r"\[\['x'\]\]"),
        (np.zeros((0, 0)), r"an array of shape \(0, 0\)"),
    ],
)
def test_an_affinity_that_is_not_square_or_not_finite_is_refused(affinity, got):
    with pytest.raises(ParameterError, match=f"must be a square matrix .* Got {got} instead. Est"):
        best_partition(affinity)


def test_names_must_be_one_per_row(unchecked_types):
    with pytest.raises(ParameterError, match="must be 2 different names"):
        best_partition(np.zeros((2, 2)), tasks=["a", "a"])
    with pytest.raises(ParameterError, match="`objective` parameter of best_partition must be one"):
        best_partition(np.zeros((2, 2)), objective="median")
