"""The record of who gains from whom."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polytask.analysis import (
    AffinityRecord,
    Analysis,
    GroupRuns,
    TrainedPairs,
    TransferMap,
    analyze,
    transfer_map,
)
from polytask.analysis._map_transfer import map_of_runs
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import GroupSplit, MultiTaskDataset, RandomSplit, TimeSplit, read
from polytask.exceptions import DataError, ParameterError
from polytask.metrics import RMSE
from polytask.search import Adaptive, Grouped, LearnedBranching


@pytest.fixture(scope="module")
def record(runs):
    return map_of_runs(runs, sampled=[runs.tasks[:3]])


def test_every_ordered_pair_has_a_gain_and_every_task_one_in_the_joint_network(record):
    assert len({(gain.task, gain.group) for gain in record.pairs}) == 12
    assert [gain.task for gain in record.together] == list(record.tasks)
    assert all(gain.task in gain.group and len(gain.group) == 2 for gain in record.pairs)


def test_a_gain_is_the_relative_change_of_the_metric_out_of_fold(runs, record):
    task, partner = record.pairs[0].group
    alone, joint = runs.answers([task])[task], runs.answers([task, partner])[task]

    def rmse(answers):
        scored = [
            RMSE().score(answers.truth, r, answers.target, answers.weight).value
            for r in answers.responses
        ]
        return np.mean(scored)

    assert record.alone[task] == pytest.approx(rmse(alone))
    assert record.pairs[0].gain == pytest.approx(1 - rmse(joint) / rmse(alone), abs=1e-9)


def test_all_rows_are_measured_once_per_seed_and_never_by_a_network_that_saw_them(runs):
    for one in runs.rounds:
        measured = np.concatenate([split.test["table"] for split in one.splits])
        assert sorted(measured) == list(range(320))
        for split in one.splits:
            seen = {*split.train["table"], *split.validation["table"]}
            assert seen.isdisjoint(split.test["table"])
    assert {len(runs.answers([name])[name].truth) for name in runs.tasks} == {80}
    first, second = (one.splits[0].test["table"] for one in runs.rounds)
    assert not np.array_equal(first, second)


def test_test_rows_are_neither_trained_on_nor_measured():
    table = {"x": np.linspace(-1, 1, 60), "a": np.arange(60.0), "b": np.arange(60.0) ** 2}
    data = read(table, ["a:regression", "b:regression"])
    (split,) = RandomSplit().splits(data, 0)
    found = transfer_map(data, split=split, folds=2, seeds=1, budget=Budget(steps=2), pairs=False)
    assert found.n_rows == 48
    validated = transfer_map(
        data, split=split, folds=None, seeds=1, budget=Budget(steps=2), pairs=False
    )
    assert validated.n_rows == 12
    assert validated.measured == "validation rows, 1 seed"


def test_without_pairs_there_is_no_table_of_gains(record):
    alone = replace(record, pairs=(), sampled=())
    assert str(record).startswith("gain of …, %")
    assert str(alone) == alone.words
    assert str(Analysis(alone, (), {})) == alone.words


def test_p_values_are_corrected_for_all_pairs_that_were_looked_at(record):
    raw = sorted(gain.p for gain in record.pairs)
    assert min(gain.p_corrected for gain in record.pairs) == pytest.approx(min(1, 12 * raw[0]))
    assert "corrected for the 12 ordered pairs" in record.words


def test_trained_pairs_are_the_gains_of_the_map(runs, record):
    affinity = TrainedPairs().estimate(runs)
    np.testing.assert_allclose(affinity.matrix, record.matrix)
    assert affinity.n_networks == 0  # all were trained before
    assert affinity.agreement(record) == pytest.approx(1)


def test_random_groups_give_the_mean_gain_of_those_that_hold_both(runs, record):
    held = {(g.task, g.partner): g for g in record.sampled}
    first, second, third, other = record.tasks
    assert held[first, second].n_groups == 1
    assert held[first, second].gain == held[first, third].gain
    assert held[first, other].gain is None


def test_records_survive_json(record, runs):
    assert TransferMap.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    affinity = TrainedPairs().estimate(runs)
    assert AffinityRecord.from_dict(json.loads(json.dumps(affinity.to_dict()))) == affinity
    assert record.to_frame().height == 16
    assert affinity.to_frame().height == 12


@pytest.mark.parametrize(
    ("learner", "got"), [("linear", "'linear'"), ("single_task", "'single_task'")]
)
def test_learners_that_are_no_network_that_shares_are_refused(runs, learner, got):
    with pytest.raises(ParameterError, match=f"must be a network .* Got {got} instead. Only such"):
        transfer_map(runs.data, learner)


@pytest.mark.parametrize("kind", [Adaptive, Grouped, LearnedBranching])
def test_networks_that_train_in_a_way_of_their_own_are_refused(runs, kind):
    learner = kind(HardSharing())
    said = f"trained as it is.* Got '{learner.name}' instead. {learner.name} has a"
    with pytest.raises(ParameterError, match=said):
        transfer_map(runs.data, learner)


def test_one_task_is_refused():
    data = read({"x": range(20), "a": range(20)}, ["a:regression"])
    with pytest.raises(ParameterError, match="at least two tasks, and the data has one, 'a'"):
        transfer_map(data)


def test_without_folds_there_must_be_validation_rows(runs):
    with pytest.raises(ParameterError, match="a split with validation rows, as folds=None"):
        transfer_map(runs.data, HardSharing(), folds=None)


def test_groups_cannot_be_larger_than_there_are_tasks(runs):
    with pytest.raises(ParameterError, match="`sizes` parameter of transfer_map must be"):
        transfer_map(runs.data, sizes=(5,))


@pytest.fixture
def houses():
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=60) for name in ("x", "a", "b")}
    return read({"house": np.repeat(np.arange(12), 5), **columns}, ["a:regression", "b:regression"])


def test_groups_of_the_split_stay_whole_in_folds_and_their_column_is_no_input(houses):
    runs = GroupRuns.of(houses, split=GroupSplit("house"), folds=2, seeds=1)
    (source,) = runs.data.sources
    assert source.inputs.columns == ["x"]
    for split in runs.rounds[0].splits:
        seen = source.groups[split.train["table"]], source.groups[split.validation["table"]]
        assert not set(source.groups[split.test["table"]]) & {*seen[0], *seen[1]}


def test_groups_of_rows_that_hold_whole_tasks_are_refused_and_the_tasks_named(runs):
    table = {"x": range(12), "town": list("aabbccaabbcc"), "y": range(12)}
    frame = pl.DataFrame(table).with_columns(pl.col("town").alias("task"))
    data = MultiTaskDataset.from_long(frame, "y", "task", kind="regression")
    with pytest.raises(ParameterError, match=r"`split` parameter .* Got 'group:town' .* 'a'"):
        transfer_map(data, runs.network, split="group:town", folds=2, seeds=1)


def test_rows_that_are_split_by_time_are_not_measured_by_folds(houses):
    by_time = TimeSplit("house")
    with pytest.raises(ParameterError, match=r"`folds` parameter .* None where rows are split by"):
        GroupRuns.of(houses, split=by_time)
    runs = GroupRuns.of(houses, split=by_time, folds=None)
    (split,) = runs.rounds[0].splits
    times = runs.data.sources[0].inputs["house"].to_numpy()
    assert times[split.train["table"]].max() < times[split.test["table"]].min()


def test_a_class_that_some_folds_lack_is_named_in_words():
    colours = ["red", "blue"] * 20 + ["green"]
    data = read(
        {"x": range(41), "a": range(41), "colour": colours}, ["a:regression", "colour:multiclass"]
    )
    with pytest.raises(DataError, match="Task 'colour' has a class that is too rare"):
        transfer_map(data, folds=2, seeds=1, budget=Budget(steps=1))


def test_one_seed_is_said_to_speak_about_these_networks_alone(record):
    assert record.notes == ()
    alone = transfer_map(
        read({"x": range(20), "a": range(20), "b": range(20)}, ["a:regression", "b:regression"]),
        folds=2,
        seeds=1,
        budget=Budget(steps=1),
        pairs=False,
    )
    assert "One seed: intervals and p-values speak about these fitted networks" in alone.words


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("measure", [transfer_map, analyze])
@pytest.mark.parametrize("options", [{"seed": -1}, {"pairs": "no"}, {"n_groups": 0}])
def test_bad_arguments_are_refused_before_anything_is_trained(runs, measure, options):
    (name,) = options
    owner = measure.__name__
    with pytest.raises(ParameterError, match=f"`{name}` parameter of {owner} must be"):
        measure(runs.data, **options)
