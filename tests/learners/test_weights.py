"""Weights of rows, classes and tasks in every learner."""

from dataclasses import replace

import numpy as np
import pytest
from learner_tables import MIXED_TASKS, halves, long_data, mixed_data, mixed_table
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.learners import (
    Constant,
    GradientBoosting,
    Linear,
    PerTaskEstimator,
    PooledEstimator,
    PooledLinear,
)
from polytask.losses import BinaryCrossEntropy, Loss
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Binary, Task
from polytask.training import Trainer

BUDGET = Budget(steps=30)
QUICK = Trainer(learning_rate=0.03)
LEARNERS = {
    "constant": Constant(),
    "linear": Linear(),
    "pooled": PooledLinear(),
    "boosting": GradientBoosting(max_iter=20, min_samples_leaf=3),
    "apart": MultiTaskNetwork(SingleTask(MLP((8,))), QUICK),
    "joint": MultiTaskNetwork(HardSharing(MLP((8,))), QUICK),
}
TABLES = {"mixed": mixed_data(), "long": long_data()}
PAIRS = [
    (one, table) for one in LEARNERS for table in TABLES if (one, table) != ("pooled", "mixed")
]


def weighted(data, weights):
    (source,) = data.sources
    return replace(data, sources=(replace(source, weights=weights),))


def predictions(learner, data, rows=None):
    """Of all rows, by a learner that is fitted to some of them."""
    train, validation = halves(data if rows is None else data.take({"table": rows}))
    return LEARNERS[learner].fit(train, validation, 3, BUDGET).predict(data)


def same(one, other):
    return all(np.array_equal(one[task].raw, other[task].raw) for task in one)


@pytest.mark.parametrize(("learner", "table"), PAIRS)
class TestRowWeights:
    @pytest.mark.slow
    def test_a_power_of_two_changes_no_bit(self, learner, table):
        data = TABLES[table]
        weights = np.random.default_rng(0).exponential(size=data.n_rows)
        plain = predictions(learner, weighted(data, weights))
        assert not same(plain, predictions(learner, data))
        for power in (-20, 20):
            other = predictions(learner, weighted(data, np.ldexp(weights, power)))
            assert same(plain, other)

    def test_equal_weights_are_as_none(self, learner, table):
        data = TABLES[table]
        whole = weighted(data, np.full(data.n_rows, 1 / data.n_rows))
        assert same(predictions(learner, whole), predictions(learner, data))

    def test_a_factor_for_one_task_changes_nothing(self, learner, table):
        data = TABLES[table]
        weights = np.random.default_rng(0).exponential(size=(data.n_rows, len(data.tasks)))
        plain = predictions(learner, weighted(data, weights))
        weights[:, 0] *= 2.0**20
        assert same(plain, predictions(learner, weighted(data, weights)))


@pytest.mark.parametrize("learner", LEARNERS)
def test_rows_of_weight_zero_are_left_out(learner):
    data = TABLES["long"]
    (train, validation), weights = halves(data), []
    for part in (train, validation):
        drawn = np.random.default_rng(0).exponential(size=part.n_rows)
        drawn[np.random.default_rng(1).random(part.n_rows) < 0.2] = 0
        weights.append(drawn)
    zeros = [weighted(part, own) for part, own in zip((train, validation), weights, strict=True)]
    kept = [z.take({"table": np.flatnonzero(w)}) for z, w in zip(zeros, weights, strict=True)]
    one, other = (LEARNERS[learner].fit(*parts, 3, BUDGET).predict(data) for parts in (zeros, kept))
    assert same(one, other)


def test_weights_that_differ_between_outputs_of_one_estimator_are_averaged_with_a_remark():
    data = mixed_data(MIXED_TASKS[:2])
    weights = np.random.default_rng(0).exponential(size=(data.n_rows, 2))
    model = PooledEstimator(Ridge()).fit(*halves(weighted(data, weights)), 0, BUDGET)
    assert "row weights are averaged over these tasks" in model.history.stopped
    assert "averaged" not in PooledEstimator(Ridge()).fit(*halves(data), 0, BUDGET).history.stopped


def test_task_weights_count_where_tasks_share_an_estimator():
    def level(weight):
        table = {"x": [0.0, 1.0] * 20, "y": [0.0] * 20 + [1.0] * 20, "who": ["p"] * 20 + ["q"] * 20}
        data = MultiTaskDataset.from_long(table, Task("y", "regression"), "who")
        tasks = type(data.tasks)([data.tasks[0], replace(data.tasks[1], weight=weight)])
        data = replace(data, sources=(replace(data.sources[0], tasks=tasks),), tasks=tasks)
        return PooledLinear().fit(data, data, 0, BUDGET).predict(data)["p"].response.mean()

    assert level(1.0) == pytest.approx(0.5, abs=0.01)
    assert level(3.0) == pytest.approx(0.75, abs=0.01)


# ── classes ───────────────────────────────────────────────────────────────────
class NoWeights(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X):
        return self.inner_.predict(X)

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


def rare(class_weight=None, loss=None, n=200):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, 2))
    y = np.where(x[:, 0] + generator.normal(size=n) > 1.7, "yes", "no")
    task = Task("y", "binary", class_weight=class_weight, loss=loss)
    return MultiTaskDataset.from_table({"a": x[:, 0], "b": x[:, 1], "y": y}, task)


@pytest.mark.parametrize(
    "given",
    [
        {"class_weight": "balanced"},
        {"loss": BinaryCrossEntropy(class_weight="balanced")},
    ],
    ids=["task", "loss"],
)
@pytest.mark.parametrize("learner", ["linear", "boosting", "apart", "joint"])
def test_balanced_classes_reach_every_learner(learner, given):
    plain, balanced = (
        LEARNERS[learner]
        .fit(*halves(data), 0, Budget(steps=200))
        .predict(data)["y"]
        .response.mean()
        for data in (rare(), rare(**given))
    )
    assert plain < 0.25
    assert balanced > plain + 0.1


def test_class_weights_are_those_of_scikit_learn():
    for given in ("balanced", {"yes": 7.0}):
        data = rare(given)
        found = Linear().fit(data, data, 0, BUDGET).predict(data)["y"].response
        X = data.sources[0].inputs.to_numpy()
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        y = data.sources[0].labelled().columns("y")["y"]
        model = LogisticRegression(class_weight=given, max_iter=1000).fit(Z, y.astype(str))
        np.testing.assert_allclose(found, model.predict_proba(Z)[:, 1], rtol=1e-3)


def test_each_of_several_tasks_has_class_weights_of_its_own():
    table = mixed_table()
    tasks = [Task("rich", "binary", class_weight={"yes": 50.0}), Task("flag", "binary")]
    data = MultiTaskDataset.from_table(table, tasks, features=["x", "y"])
    plain = MultiTaskDataset.from_table(table, ["rich", "flag"], features=["x", "y"])
    for learner in ("linear", "joint"):
        one, other = (
            LEARNERS[learner].fit(*halves(given), 0, Budget(steps=200)).predict(given)
            for given in (data, plain)
        )
        assert one["rich"].response.mean() > other["rich"].response.mean() + 0.2
        assert one["flag"].response.mean() == pytest.approx(other["flag"].response.mean(), abs=0.15)


def test_class_weights_that_an_estimator_ignores_are_reported():
    data = rare("balanced")
    said = PerTaskEstimator(NoWeights()).fit(data, data, 0, BUDGET).history.stopped
    assert "y: class weights are ignored, since the estimator takes none." in said


def test_classes_do_not_change_constants():
    for data in (rare(), rare("balanced")):
        assert predictions("constant", data)["y"].response.max() < 0.25


class Flat(Loss):
    kinds = (Binary,)

    def rowwise(self, scores, values, mask, constants):
        return (scores - values).abs().squeeze(-1)


def test_a_loss_that_cannot_weight_classes_is_refused():
    data = rare("balanced", loss=Flat())
    with pytest.raises(ParameterError, match="'y' weighs its classes, which Flat cannot"):
        LEARNERS["joint"].fit(data, data, 0, BUDGET)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (
            Task("price", class_weight="balanced"),
            "`class_weight` parameter of task 'price' must be",
        ),
        (
            MIXED_TASKS[4].__class__("tags", target=("tag_a", "tag_b"), class_weight="balanced"),
            "None",
        ),
        (Task("rich", class_weight={"maybe": 2}), r"keys, which are \['no', 'yes'\]. Got 'maybe'"),
    ],
)
def test_class_weights_that_do_not_suit_the_target(task, words):
    with pytest.raises(ParameterError, match=words):
        mixed_data([task])


def test_classes_may_be_weighted_once_only():
    with pytest.raises(ParameterError, match="'y' weighs its classes twice"):
        Task("y", class_weight="balanced", loss=BinaryCrossEntropy(class_weight="balanced"))


def test_keys_may_be_written_as_text():
    data = MultiTaskDataset.from_table(
        {"x": range(8), "y": [0, 1] * 4}, Task("y", "binary", class_weight={"1": 3.0})
    )
    model = Linear().fit(data, data, 0, BUDGET)
    assert model.predict(data)["y"].response.mean() > 0.6
