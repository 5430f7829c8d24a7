"""Groups of tasks that belong together, verified by training."""

import json
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from polytask.analysis import (
    Affinity,
    AffinityRecord,
    GradientCosine,
    GroupRuns,
    HeadSimilarity,
    PredictionSimilarity,
    ProjectedGradients,
    TrainedPairs,
)
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, read
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.search import Grouping, group
from polytask.search._candidates import candidates_of
from polytask.search._group import _of_affinities, _over_random, group_runs
from polytask.search._grouping import CandidateGain
from polytask.search._joined import _host
from polytask.search._verify import choose


@dataclass(frozen=True)
class FirstTwo(Affinity):
    """The first two tasks are related, and no others."""

    needs = "no network"

    def measure(self, runs):
        matrix = -np.ones((len(runs.tasks), len(runs.tasks)))
        matrix[0, 1] = matrix[1, 0] = 1
        return matrix


@pytest.fixture(scope="module")
def runs():
    data, _ = make_clustered_tasks(2, 2, 60, 6, spread=0.2, noise=0.5, own_rows=True, seed=0)
    return GroupRuns.of(data, HardSharing(MLP((8,))), folds=2, seeds=1, budget=Budget(steps=30))


@pytest.fixture(scope="module")
def grouping(runs):
    return group_runs(runs, [FirstTwo()])


def test_proposals_together_and_random_groups_of_the_same_sizes_are_measured(grouping):
    assert [one.name for one in grouping.candidates] == ["first_two > 0", "together"]
    assert grouping.candidates[0].groups == (("task_0", "task_1"), ("task_2",), ("task_3",))
    assert [sorted(map(len, one.groups)) for one in grouping.random] == [[1, 1, 2], [1, 1, 2]]
    assert len({one.groups for one in (*grouping.candidates, *grouping.random)}) == 4


def test_the_choice_is_one_partition_of_all_tasks(grouping):
    named = [task for tasks in grouping.groups for task in tasks]
    assert sorted(named) == sorted(grouping.tasks)
    assert grouping.answer in {"groups", "together", "apart"}


def test_a_grouping_survives_json_and_says_what_it_cost(grouping):
    assert Grouping.from_dict(json.loads(json.dumps(grouping.to_dict()))) == grouping
    assert f"{grouping.n_networks:,} networks of hard_sharing" in grouping.words
    assert grouping.to_frame().height == 4
    assert str(grouping).startswith("partition")


def _measured(name, groups, gain, p):
    return CandidateGain(name, groups, gain, None, p, p, {})


PAIR = (("task_0", "task_1"), ("task_2",), ("task_3",))
ALL = (("task_0", "task_1", "task_2", "task_3"),)


@pytest.mark.parametrize(
    ("measured", "answer"),
    [
        ([_measured("a", PAIR, 0.1, 0.2), _measured("together", ALL, 0.2, 0.06)], "apart"),
        ([_measured("a", PAIR, -0.1, 0.001), _measured("together", ALL, -0.2, 0.001)], "apart"),
        ([_measured("a", PAIR, 0.1, None), _measured("together", ALL, 0.2, None)], "apart"),
        ([_measured("a", PAIR, None, None)], "apart"),
        ([_measured("a", PAIR, 0.1, 0.01), _measured("together", ALL, 0.05, 0.01)], "groups"),
        ([_measured("a", PAIR, 0.1, 0.2), _measured("together", ALL, 0.05, 0.01)], "together"),
    ],
)
def test_sharing_is_the_answer_only_if_it_is_better_than_apart_beyond_chance(
    runs, measured, answer
):
    choice = choose(runs, measured, proposed=["a"], alpha=0.05)
    assert choice.answer == answer
    assert choice.why


def test_the_proposal_stands_unless_another_partition_is_better_beyond_chance(runs):
    same = [_measured("a", PAIR, 0.1, 0.01), _measured("together", PAIR, 0.2, 0.01)]
    choice = choose(runs, same, proposed=["a"], alpha=0.05)
    assert choice.groups == PAIR
    assert "no more than chance" in choice.why
    other = choose(runs, same, proposed=[], alpha=0.05)
    assert "largest gain" in other.why


def test_groups_that_are_worse_than_random_ones_are_not_said_to_be_better(runs):
    other = (("task_0", "task_2"), ("task_1",), ("task_3",))

    def p_value(groups, random):
        return _over_random(runs, groups, [_measured("random 1", random, None, None)])

    both = sorted([p_value(PAIR, other), p_value(other, PAIR)])
    assert both[0] < both[1] == 1.0


def _with_a_small_task():
    """Two tasks of 80 rows that are the same, and one of 14 that is theirs too."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(174, 6))
    task = np.repeat(["a", "b", "small"], [80, 80, 14])
    labels = x @ np.ones(6) + 0.5 * rng.normal(size=174)
    table = {**{f"x{i}": x[:, i] for i in range(6)}, "y": labels, "task": task}
    data = MultiTaskDataset.from_long(pl.DataFrame(table), "y", "task", kind="regression")
    return GroupRuns.of(data, HardSharing(MLP((8,))), folds=2, seeds=1, budget=Budget(steps=60))


def test_a_task_that_is_not_learned_alone_joins_those_that_explain_it():
    small = _with_a_small_task()
    record = PredictionSimilarity().estimate(small)
    assert not np.isfinite(record.matrix[:, 2]).any()
    first, second = candidates_of(small, [record], ())
    assert first.groups == (("a", "b"), ("small",))
    assert second.groups == (("a", "b", "small"),)
    assert second.name == "prediction_similarity > 0.5, joined"
    assert first.proposal
    assert second.proposal


@pytest.mark.parametrize(
    ("strength", "host"),
    [
        ({"ab": 0.2, "c": 0.4}, "c"),
        ({"ab": 0.2, "c": 0.25}, "ab"),
        ({"ab": 0.1, "cde": 0.0, "f": 0.2}, "cde"),
        ({"c": 0.25, "d": 0.1}, None),
        ({"ab": np.nan}, None),
    ],
)
def test_a_task_joins_what_explains_it_beyond_chance_or_else_the_largest_group(strength, host):
    groups = {tuple(group): value for group, value in strength.items()}
    assert _host(groups, 0.3) == (None if host is None else tuple(host))


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "size"), [(2, 4), (6, 1)])
def test_planted_groups_are_found_and_unrelated_tasks_are_trained_apart(clusters, size):
    data, truth = make_clustered_tasks(
        clusters, size, 150, 20, spread=0.3, noise=1.0, own_rows=True, seed=1
    )
    found = group(data, HardSharing(MLP((64, 64))), seeds=1, n_random=0, budget=Budget(steps=200))
    names = np.array(data.tasks.names)
    planted = {frozenset(names[truth.clusters == c].tolist()) for c in range(clusters)}
    assert {frozenset(tasks) for tasks in found.groups} == planted
    assert found.answer == ("groups" if size > 1 else "apart")


def test_a_budget_too_small_to_verify_is_refused_and_says_how_many_networks_it_takes(runs):
    with pytest.raises(ParameterError, match=r"must be at least 10, .* Got 9 instead. Allow more"):
        group_runs(runs, [FirstTwo()], most_networks=9)


def test_a_note_on_an_affinity_leaves_its_name_as_it_is():
    values = ((None, None), (None, None))
    record = AffinityRecord("own", ("a", "b"), values, 0.0, 0.0, 0, ("2 pairs are not known",))
    assert _of_affinities([record]) == ("affinity own: 2 pairs are not known",)


def test_networks_of_affinities_count_before_anything_is_trained(runs):
    fresh = GroupRuns(runs.data, runs.network, runs.rounds, Budget(steps=2))
    affinities = [TrainedPairs(), GradientCosine(), HeadSimilarity(), ProjectedGradients()]
    with pytest.raises(ParameterError, match=r"must be at least 23, .* Got 22 instead"):
        group_runs(fresh, affinities, most_networks=22)
    assert fresh.n_networks == 0


def test_a_search_that_is_refused_claims_no_folder(runs, tmp_path):
    with pytest.raises(ParameterError, match="`most_networks` parameter"):
        group(runs.data, runs.network, folds=2, seeds=1, most_networks=1, out=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_what_the_budget_does_not_allow_is_left_out_and_named(runs):
    fresh = GroupRuns(runs.data, runs.network, runs.rounds, Budget(steps=2))
    found = group_runs(fresh, [FirstTwo()], most_networks=12)
    assert fresh.n_networks <= 12
    assert [one.name for one in found.candidates] == ["first_two > 0", "together"]
    assert found.random == ()
    assert "not trained, as at most 12 networks may be: random 1, random 2" in found.notes


def test_one_task_and_unknown_affinities_are_refused(runs):
    one = read({"x": range(20), "a": range(20)}, ["a:regression"])
    with pytest.raises(ParameterError, match="at least two tasks, and the data has one, 'a'"):
        group(one)
    with pytest.raises(UnknownNameError, match="no affinity named 'prediction_simlarity'"):
        group(runs.data, affinities="prediction_simlarity")
    with pytest.raises(ParameterError, match="at least one affinity"):
        group(runs.data, affinities=())
    with pytest.raises(ParameterError, match=r"`learner` parameter of polytask\.analysis must be"):
        group(runs.data, "gradient_boosting")


def test_unknown_tasks_are_refused(runs):
    with pytest.raises(UnknownNameError, match="'task_9'"):
        runs.group(["task_0", "task_9"])
