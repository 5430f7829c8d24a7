"""The learner that groups its tasks."""

from dataclasses import replace

import numpy as np
import pytest

import polytask
from polytask.analysis import PredictionSimilarity, _trainings
from polytask.architectures import HardSharing, MMoE, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit, TimeSplit, read
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.evaluation import Runner
from polytask.exceptions import ParameterError
from polytask.learners import Ensemble
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.search import Grouped, train_groups
from polytask.search._grouping import Grouping
from polytask.testing import (
    check_learner,
    check_parameters_reject_bad_values,
    check_recipe_round_trip,
)
from polytask.training import Trainer


@pytest.fixture(scope="module")
def data():
    made, _ = make_clustered_tasks(2, 2, 60, 5, own_rows=True, seed=0)
    return made


def _grouping(groups):
    tasks = tuple(sorted(task for group in groups for task in group))
    return Grouping(
        tasks, "hard_sharing", "groups", groups, (), (), None, (), "", "", "", 0, 2.0, 3, 40
    )


def test_each_group_is_one_network_and_tasks_alone_have_their_single_task_networks(data, tmp_path):
    groups = (("task_0", "task_2"), ("task_1",), ("task_3",))
    network = MultiTaskNetwork(HardSharing(MLP((4,))), Trainer(steps=10))
    fitted = train_groups(_grouping(groups), data, data, network)
    assert fitted.model.groups == (("task_0", "task_2"), ("task_1", "task_3"))
    kinds = [type(model.architecture) for model in fitted.model.models]
    assert kinds == [HardSharing, SingleTask]
    both = data.without_tasks(["task_1", "task_3"])
    joint = network.fit(both, both, 0)
    assert fitted.model.models[0].n_parameters == joint.n_parameters
    fitted.save(tmp_path / "model")
    back, now = load(tmp_path / "model").predict(data), fitted.predict(data)
    assert all(np.array_equal(back[task].response, now[task].response) for task in data.tasks.names)


def test_the_history_counts_the_search_and_names_the_groups(data):
    groups = (("task_0", "task_2"), ("task_1", "task_3"))
    network = MultiTaskNetwork(HardSharing(MLP((4,))), Trainer(steps=10))
    fitted = train_groups(_grouping(groups), data, data, network)
    assert fitted.history.n_steps == 40 + 2 * 10
    assert fitted.history.seconds > 2.0
    assert fitted.history.found["groups"] == [[list(group) for group in groups]]
    assert fitted.history.found["drawing"].splitlines()[0::2] == [
        "network",
        "│        task_2",
        "│        task_3",
    ]
    assert "Groups {task_0, task_2}, {task_1, task_3}, found with 3 networks." in (
        fitted.history.stopped
    )


def test_what_is_fitted_is_the_grouping_that_search_gives(data):
    learner = Grouped(HardSharing(MLP((4,))), folds=2, seeds=1)
    found = learner.search(data, Budget(steps=5))
    fitted = learner.fit(data, data, 0, Budget(steps=5))
    assert {task for group in fitted.model.groups for task in group} == set(found.tasks)
    assert f"found with {found.n_networks} networks" in fitted.history.stopped


def test_runs_that_differ_in_their_seed_share_one_search(data, tmp_path, monkeypatch):
    searches, search = [], Grouped.search
    monkeypatch.setattr(Grouped, "search", lambda *given: searches.append(1) or search(*given))
    learner = Grouped(HardSharing(MLP((4,))), folds=2, seeds=1)
    (split,) = RandomSplit().splits(data, 0)
    runner = Runner(tmp_path, data, Budget(steps=5))
    records = runner.run_all([runner.request(learner, split, seed) for seed in (0, 1)])
    assert len(searches) == 1
    alone = learner.fit(data.take(split.train), data.take(split.validation), 1, Budget(steps=5))
    kept = runner.store.read_model(records[1].spec.key, records[1].spec.learner)
    for task in data.tasks.names:
        same = kept.predict(data)[task].response, alone.predict(data)[task].response
        np.testing.assert_allclose(*same, rtol=1e-5)
    other = replace(learner, alpha=0.01)
    assert learner.shape(data) != other.shape(data)


def test_where_rows_are_split_by_time_groups_are_verified_on_later_rows(data, monkeypatch):
    learner = Grouped(HardSharing(MLP((4,))), folds=2, seeds=1)
    assert learner.for_split(RandomSplit()) is learner
    late = Ensemble(learner).for_split(TimeSplit("x0")).learner
    assert late.folds is None
    (split,) = TimeSplit("x0").splits(data, 0)
    train, validation = data.take(split.train), data.take(split.validation)
    seen = []
    watched = _trainings.train_job
    monkeypatch.setattr(
        _trainings, "train_job", lambda job, *rest: seen.append(job) or watched(job, *rest)
    )
    fitted = late.fit(train, validation, 0, Budget(steps=5))
    assert set(fitted.tasks.names) == set(data.tasks.names)
    for job in seen:
        trained, stopping, measured = job.split.apply(validation)
        assert max(part.sources[0].inputs["x0"].max() for part in (trained, stopping)) <= (
            measured.sources[0].inputs["x0"].min()
        )
        assert measured.n_rows == validation.n_rows
    with pytest.raises(ParameterError, match=r"`validation` parameter of .* must be"):
        late.search(train)


def test_its_single_task_baseline_is_that_of_its_architecture():
    learner = Grouped(MMoE(MLP((8,))))
    assert learner.single_task() == MultiTaskNetwork(MMoE(MLP((8,)))).single_task()
    assert learner.name == "grouped(mmoe)"
    assert Grouped().name == "grouped"


def test_the_budget_that_searching_takes_is_said():
    note = Grouped(folds=4, seeds=3).budget_note
    assert "12 more times" in note
    assert "on top of it" in note


def test_it_keeps_the_promises_of_its_recipe():
    learner = Grouped(HardSharing(MLP((4,))), affinities=("explained_labels",), folds=2)
    check_recipe_round_trip(learner)
    check_parameters_reject_bad_values(Grouped)
    assert Grouped().affinities == (PredictionSimilarity(),)


@pytest.mark.slow
def test_it_is_a_learner_like_others():
    check_learner(Grouped(HardSharing(MLP((8,))), folds=2, seeds=1))


@pytest.mark.slow
def test_it_is_compared_with_its_baseline_and_its_model_is_kept(data, tmp_path):
    learner = Grouped(HardSharing(MLP((4,))), folds=2, seeds=1)
    found = polytask.compare(
        data, [learner], seeds=1, budget=Budget(steps=5), out=tmp_path / "out", quiet=True
    )
    names = [row.name for row in found.learners]
    assert {"grouped", "single_task"} <= set(names)
    assert any("more times to find" in warning for warning in found.warnings)


def test_one_task_and_architectures_without_sharing_are_refused():
    data = read({"x": range(40), "a": range(40)}, ["a:regression"])
    with pytest.raises(ParameterError, match="at least two tasks, and there is one, 'a'"):
        polytask.fit(data, Grouped())
    with pytest.raises(ParameterError, match=r"Got single_task instead\. Tasks that share nothing"):
        Grouped(SingleTask())
