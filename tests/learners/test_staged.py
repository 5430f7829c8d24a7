"""Stacking and chains of targets: who reads whose predictions, and of which rows."""

import json
from dataclasses import replace

import numpy as np
import pytest
from forgery import files_of, resealed, trap
from sklearn.linear_model import Ridge as RidgeRegressor

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import BundleError, DataError, ParameterError
from polytask.learners import (
    Linear,
    PerTaskEstimator,
    Ridge,
    StackedTargets,
    TargetChain,
    resolve_learner,
    unserved,
)
from polytask.predictor import load
from polytask.testing import tiny_dataset

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(80, 2))


def fit(learner, data):
    return learner.fit(data, data, 0, Budget())


class Seen(RidgeRegressor):
    """Ridge regression that keeps the widths of what it learned from, and the rows."""

    calls = []  # noqa: RUF012 - of all clones together

    def fit(self, X, y, sample_weight=None):
        Seen.calls.append(X.shape)
        return super().fit(X, y, sample_weight)


@pytest.fixture(autouse=True)
def forgotten():
    Seen.calls.clear()


def test_the_second_models_read_the_inputs_and_scores_of_all_tasks():
    data = MultiTaskDataset.from_arrays(X, X @ DRAW.normal(size=(2, 3)), ["a", "b", "c"])
    predictor = fit(StackedTargets(PerTaskEstimator(Seen()), folds=4), data)
    first, folds, second = Seen.calls[:3], Seen.calls[3:-3], Seen.calls[-3:]
    assert first == [(80, 2)] * 3
    assert folds == [(60, 2)] * 12  # each task without each fold
    assert second == [(80, 5)] * 3
    assert len(predictor.model.models) == 2


def test_scores_of_training_rows_are_out_of_fold():
    """A row's own label has no part in its scores, and has one in those of other rows."""
    Y = DRAW.normal(size=(80, 2))
    other = Y.copy()
    other[7] = 50.0
    learner = StackedTargets(Ridge(), folds=4)
    first, second = (
        learner._out_of_fold(("a", "b"), data, data, 0, Budget())["table"]["a"][:, 0]
        for data in (MultiTaskDataset.from_arrays(X, labels, ["a", "b"]) for labels in (Y, other))
    )
    assert first[7] == second[7]
    assert (first != second).sum() == 60  # those of the three other folds


def test_a_later_model_of_a_chain_reads_the_tasks_before_it():
    data = MultiTaskDataset.from_arrays(X, X @ DRAW.normal(size=(2, 3)), ["a", "b", "c"])
    predictor = fit(TargetChain(PerTaskEstimator(Seen()), folds=2, order=("c", "a", "b")), data)
    assert [shape for shape in Seen.calls if shape[0] == 80] == [(80, 2), (80, 3), (80, 4)]
    assert predictor.model.groups == (("c",), ("a",), ("b",))
    only = predictor.predict(data, tasks=["a"])
    assert (only["a"].raw == predictor.predict(data)["a"].raw).all()


def test_a_task_that_is_a_function_of_another_is_learned_through_it():
    draw = np.random.default_rng(1)
    x = draw.normal(size=300)
    first = np.sin(3 * x) + 0.1 * draw.normal(size=300)
    second = np.where(np.sin(3 * x) > 0, "yes", "no")
    table = {"x": x, "first": first, "second": second}
    data = MultiTaskDataset.from_table(table, ["first:regression", "second:binary"])
    trees = resolve_learner("gradient_boosting(max_iter=60)")
    learners = {
        "alone": Linear(),
        "chain": TargetChain(Linear(), folds=3),
        "trees": TargetChain(trees, folds=3),
    }
    scores = {}
    for name, learner in learners.items():
        response = fit(learner, data).predict(data)["second"].response
        scores[name] = np.mean((response > 0.5) == (second == "yes"))
    assert scores["trees"] > 0.95
    assert scores["chain"] >= scores["alone"] - 0.02  # a line knows no sine


def test_rows_of_one_task_each_have_scores_of_all_tasks():
    data = tiny_dataset(["regression"] * 3, own_rows=True, n_rows=90)
    predictor = fit(StackedTargets(folds=3), data)
    schema = predictor.model.schemas[1]["table"]
    assert sum(column.name.startswith("score") for column in schema.columns) == 3
    assert predictor.predict(data)["task1"].raw.shape == (30, 1)


def test_names_hold_the_learner_inside():
    learner = resolve_learner("stacked_targets(ridge, folds=3)")
    assert (learner.learner, learner.folds) == (Ridge(), 3)
    assert learner.name == "stacked_targets(ridge, folds=3)"
    assert resolve_learner("target_chain").name == "target_chain"
    assert resolve_learner("target_chain").configured({"alpha": 3.0}).learner.alpha == 3.0
    assert learner.single_task() == Ridge()


def test_what_cannot_be_stacked_is_said():
    one = tiny_dataset(["regression"])
    assert "no source has two tasks" in unserved(StackedTargets(), one)
    two = tiny_dataset(["regression"] * 2)
    assert "must name all tasks, task0, task1" in unserved(TargetChain(order=("task0",)), two)
    with pytest.raises(ParameterError, match="a learner of one stage"):
        StackedTargets(TargetChain())
    y = np.where(np.arange(80) == 0, "rare", "common")
    rare = MultiTaskDataset.from_table(
        {"x": X[:, 0], "y": y, "z": X[:, 1]}, ["y:binary", "z:regression"]
    )
    with pytest.raises(DataError, match="leaves too few"):
        fit(StackedTargets(folds=2), rare)


def target_of(plan, stage):
    return plan["schemas"][stage]["table"]["targets"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["groups"].pop(),
        lambda plan: plan["groups"][0].append("nobody"),
        lambda plan: plan["groups"].reverse(),
        lambda plan: plan["schemas"].pop(),
        lambda plan: plan["schemas"][0]["table"].update(source="other"),
        lambda plan: plan["schemas"][0].clear(),
        lambda plan: target_of(plan, 0)["columns"].append("more"),
        lambda plan: target_of(plan, 1)["classes"].reverse(),
        lambda plan: (
            target_of(plan, 1)["classes"].append(2),
            target_of(plan, 1)["learned"]["class_counts"].append(9.0),
        ),
        lambda plan: plan["models"].__setitem__(0, "ConstantModel"),
        lambda plan: plan["models"].__setitem__(0, "os:system"),
    ],
)
def test_forged_stages_are_refused(tmp_path, change):
    data = tiny_dataset(["regression", "multiclass"])
    fit(TargetChain(folds=2), data).save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    plan = json.loads(files["staged.json"])
    change(plan)
    files["staged.json"] = json.dumps(plan).encode()
    folder = resealed(files, tmp_path / "forged")
    with trap(folder) as alarms, pytest.raises(BundleError):
        load(folder)
    assert not alarms


def test_a_column_named_like_a_score_stays_what_it_is():
    table = {"x": X[:, 0], "score 0 of a": X[:, 1], "a": X[:, 0] + X[:, 1], "b": X[:, 0]}
    data = MultiTaskDataset.from_table(table, ["a:regression", "b:regression"])
    predictor = fit(StackedTargets(folds=2), data)
    names = [column.name for column in predictor.model.schemas[1]["table"].columns]
    assert names == ["x", "score 0 of a", "score 0 of a'", "score 0 of b"]
    assert replace(data, sources=data.sources).sources[0].inputs.columns == ["x", "score 0 of a"]
