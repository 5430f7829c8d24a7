"""Groups of tasks that belong together, verified by training."""

import json
import re
from dataclasses import dataclass, replace

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
from polytask.analysis._measured_gain import mean_gain_of
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, read
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.search import Grouping, group
from polytask.search._candidates import Candidate, candidates_of
from polytask.search._group import _of_affinities, group_runs
from polytask.search._grouping import CandidateGain
from polytask.search._joined import _host
from polytask.search._verify import (
    _no_better,
    best_groups,
    choose,
    measure_candidates,
    over_random,
)
from polytask.statistics import PairedGain


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


def test_proposals_and_together_are_measured_and_random_groups_only_where_groups_are_better(
    grouping,
):
    assert [one.name for one in grouping.candidates] == ["first_two > 0", "together"]
    assert grouping.candidates[0].groups == (("task_0", "task_1"), ("task_2",), ("task_3",))
    better = grouping.candidates[0].p_corrected <= 0.05
    assert [sorted(map(len, one.groups)) for one in grouping.random] == 2 * better * [[1, 1, 2]]
    assert (grouping.over_random is not None) == better


def test_the_choice_is_one_partition_of_all_tasks(grouping):
    named = [task for tasks in grouping.groups for task in tasks]
    assert sorted(named) == sorted(grouping.tasks)
    assert grouping.answer in {"groups", "together", "apart"}


def test_a_grouping_survives_json_and_says_what_it_cost(grouping):
    assert Grouping.from_dict(json.loads(json.dumps(grouping.to_dict()))) == grouping
    assert f"{grouping.n_networks:,} networks of hard_sharing" in grouping.words
    assert grouping.to_frame().height == 2 + len(grouping.random)
    assert re.match(r"partition +sizes of groups +gain over apart", str(grouping))
    assert "first_two > 0  2, 1, 1" in str(grouping)


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
    choice = chosen(runs, measured, ["a"])
    assert choice.answer == answer
    assert choice.why


def chosen(runs, measured, proposed, random=(), as_random=None):
    groups = best_groups(runs, measured, proposed=proposed, alpha=0.05)
    return choose(runs, measured, groups=groups, random=random, as_random=as_random, alpha=0.05)


NO_DIFFERENCE = "which tasks are together makes no difference that shows"


@pytest.mark.parametrize(
    ("gain", "difference", "random", "as_random", "answer", "words"),
    [
        (0.10, (0.03, 0.01), 0.12, 0.7, "groups", "the difference is shown (p = 0.01)"),
        (0.10, (-0.03, 0.01), 0.05, 0.01, "together", "the difference is shown (p = 0.01)"),
        (0.10, (-0.03, 0.40), 0.05, 0.01, "groups", "it matters which tasks are together"),
        (0.10, (0.03, 0.40), 0.10, 0.5, "together", f"on average: {NO_DIFFERENCE}"),
        (0.10, (0.03, 0.40), 0.09, 0.3, "groups", "less, but no more than chance makes"),
        (0.10, (-0.03, 0.40), 0.09, 0.3, "together", "and one network is simplest"),
        (0.10, (-0.03, 0.40), None, None, "together", "and one network is simplest"),
        (0.10, (0.03, 0.40), None, None, "groups", "No difference between the two is shown"),
    ],
)
def test_groups_are_chosen_over_together_only_if_it_shows_that_they_matter_or_they_gain_more(
    runs, monkeypatch, gain, difference, random, as_random, answer, words
):
    value, p = difference
    result = PairedGain(value, p=p, tested=value)
    monkeypatch.setattr("polytask.search._verify.mean_gain_of", lambda *partitions: result)
    measured = [_measured("a", PAIR, gain, 0.01), _measured("together", ALL, gain - value, 0.01)]
    drawn = [] if random is None else [_measured("random 1", PAIR, random, 0.01)]
    choice = chosen(runs, measured, ["a"], drawn, as_random)
    assert choice.answer == answer
    assert words in choice.why
    assert f"{100 * gain:+.1f} %" in choice.why
    assert f"{100 * (gain - value):+.1f} %" in choice.why


def test_the_side_of_a_test_is_that_of_what_it_tests():
    assert _no_better(PairedGain(0.01, p=0.04, tested=-0.02)) == pytest.approx(0.98)
    assert _no_better(PairedGain(-0.01, p=0.04, tested=0.02)) == pytest.approx(0.02)


def test_the_first_proposal_stands_unless_another_is_better_beyond_chance(runs):
    other = (("task_0",), ("task_1",), ("task_2", "task_3"))
    same = [_measured("a", PAIR, 0.1, 0.01), _measured("b", other, 0.2, 0.01)]
    shown = mean_gain_of(runs, other, PAIR).p <= 0.05
    assert best_groups(runs, same, proposed=["a"], alpha=0.05).name == ("b" if shown else "a")
    assert best_groups(runs, same, proposed=["b"], alpha=0.05).name == "b"
    assert best_groups(runs, same, proposed=[], alpha=0.05).name == "b"


def test_a_test_against_training_apart_is_of_the_side_of_a_gain(runs):
    measured = measure_candidates(
        runs, [Candidate("a", PAIR), Candidate("together", ALL)], corrected=True
    )
    for one in measured:
        two_sided = mean_gain_of(runs, one.groups, n_tests=2).p
        assert one.p == pytest.approx(two_sided / 2 if one.gain > 0 else 1 - two_sided / 2)


def test_random_groups_are_held_against_the_groups_all_at_once(runs):
    def p_value(groups, *random):
        drawn = [_measured("random", one, 0.1, None) for one in random]
        return over_random(runs, _measured("a", groups, 0.1, None), drawn)

    other = (("task_0", "task_2"), ("task_1",), ("task_3",))
    assert p_value(PAIR, other) == pytest.approx(1 - p_value(other, PAIR), abs=0.02)
    assert p_value(PAIR, other, other) == pytest.approx(p_value(PAIR, other), abs=1e-9)
    assert p_value(PAIR) is None


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
    (first, second), notes = candidates_of(small, [record, record], ())
    assert first.groups == (("a", "b"), ("small",))
    assert second.groups == (("a", "b", "small"),)
    assert second.name == "prediction_similarity > 0.5, joined"
    assert first.proposal
    assert second.proposal
    assert notes == tuple(
        f"the groups of {one.name} are those of {one.name}" for one in (first, second)
    )
    _, notes = candidates_of(small, [replace(record, threshold=2.0)], ())
    assert notes[0] == "no groups are proposed by prediction_similarity > 2"


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
    found = group(data, HardSharing(MLP((64, 64))), seeds=1, budget=Budget(steps=200))
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


def test_networks_that_affinities_have_read_are_not_counted_again(runs):
    fresh = GroupRuns(runs.data, runs.network, runs.rounds, Budget(steps=2))
    found = group_runs(fresh, [HeadSimilarity()], most_networks=10, n_random=0)
    assert "together" in [one.name for one in found.candidates]
    assert fresh.n_networks == 10


def test_what_the_budget_does_not_allow_is_left_out_and_named(runs):
    fresh = GroupRuns(runs.data, runs.network, runs.rounds, Budget(steps=2))
    found = group_runs(fresh, [FirstTwo()], most_networks=10)
    assert fresh.n_networks <= 10
    assert [one.name for one in found.candidates] == ["together"]
    assert "not trained, as at most 10 networks may be: first_two > 0" in found.notes


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
