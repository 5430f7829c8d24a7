"""What a kind learns from the scores of training rows: of every learner, kept with its model."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from fakes_evaluation import Apart

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit, fit_schemas
from polytask.encoders import MLP, TabM
from polytask.evaluation import compare
from polytask.learners import Constant, Learner, Linear, PooledLinear
from polytask.losses import MeanSquaredError
from polytask.metrics import RMSE
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.predictor import ConstantModel, FittedPredictor
from polytask.tasks import Kind, Regression
from polytask.testing import check_kind


@dataclass(frozen=True)
class Spread(Regression):
    """A number, with the root mean square of a model's errors on its training rows."""

    name = "spread"

    def fit(self, owner, columns):
        fitted = super().fit(owner, columns)
        return replace(fitted, learned={**fitted.learned, "spread": (0.0,)})

    def refit(self, truth, raw, fitted, weight):
        seen = np.isfinite(truth)
        errors = np.where(seen, truth - self.response(raw, fitted), 0.0)
        weights = (seen.T * weight).T
        spread = float(np.sqrt((errors**2 * weights).sum() / max(weights.sum(), 1e-9)))
        return replace(fitted, learned={**fitted.learned, "spread": (spread,)})

    def accepts(self, fitted):
        learned = {name: fitted.learned[name] for name in fitted.learned if name != "spread"}
        return super().accepts(replace(fitted, learned=learned)) and "spread" in fitted.learned


LOSS_AND_METRIC = {"loss": MeanSquaredError(), "metrics": (RMSE(),)}
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(90, 3))
TABLE = {
    **{f"x{k}": X[:, k] for k in range(3)},
    "a": X[:, 0] + GENERATOR.normal(size=90),
    "b": np.where(np.arange(90) % 3 == 0, np.nan, X[:, 1]),
    "c": X[:, 2],
}
TASKS = [Task(name, Spread(), **LOSS_AND_METRIC) for name in ("a", "b")] + [Task("c", "regression")]
DATA = polytask.read(TABLE, TASKS)
FAST = Budget(steps=5, trials=1)
SPLIT = RandomSplit()
NETWORK = MultiTaskNetwork(HardSharing(MLP((4,))))


@dataclass(frozen=True)
class Zero(Learner):
    """A learner of a user's own."""

    joint = False

    def fit(self, train, validation, seed, budget):
        raw = {task.name: np.zeros(1, np.float32) for task in train.tasks}
        return FittedPredictor(train.tasks, fit_schemas(train), ConstantModel(raw), name="zero")


class FitsZero:
    """A class that is no learner, of which one has its `fit`."""

    fit = Zero.__dict__["fit"].__wrapped__


@dataclass(frozen=True)
class Mixed(FitsZero, Learner):
    """A learner whose `fit` another class wrote."""

    joint = False


def spreads(model):
    return {
        name: target.learned["spread"][0]
        for schema in model.schemas.values()
        for name, target in schema.targets.items()
        if "spread" in target.learned
    }


def errors(model, data=DATA):
    """Root mean squared errors of a model, weighted."""
    (source,) = data.sources
    found = {}
    for name in ("a", "b"):
        rows = source.labelled().rows(name)
        truth = source.labelled().columns(name)[name]
        off = model.predict(data)[name].response[rows] - truth
        found[name] = float(np.sqrt(np.average(off**2, weights=data.unit_weights(name)["table"])))
    return found


@pytest.mark.parametrize(
    "learner",
    [
        NETWORK,
        MultiTaskNetwork(HardSharing(TabM(members=2))),
        NETWORK.single_task(),
        MergedNetwork(HardSharing(MLP((4,)))),
        Linear(),
        Constant(),
        Zero(),
        Mixed(),
    ],
    ids=lambda learner: learner.name,
)
def test_every_learner_by_itself(learner):
    model = learner.fit(DATA, DATA, 0, FAST)
    assert spreads(model) == pytest.approx(errors(model), rel=1e-5)


def test_a_kind_of_this_sort_keeps_the_contract():
    check_kind(Spread())


def test_arguments_by_name_and_the_other_ways_to_fit():
    by_name = Zero().fit(train=DATA, validation=DATA, seed=0, budget=FAST)
    by_fit = polytask.fit(DATA, Zero(), validation=DATA)
    assert spreads(by_name) == spreads(by_fit) == pytest.approx(errors(by_fit))


def test_row_weights():
    table = {**TABLE, "w": np.arange(90) % 4.0}
    data = polytask.read(table, TASKS, weight="w", features=["x0", "x1", "x2"])
    model = Zero().fit(data, data, 0, FAST)
    assert spreads(model) == pytest.approx(errors(model, data))


def test_it_is_kept_with_the_model(tmp_path):
    model = polytask.fit(DATA, "linear", validation=DATA)
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model", trusted=Spread.__module__)
    assert spreads(again) == spreads(model)
    np.testing.assert_array_equal(again.predict(DATA)["a"].raw, model.predict(DATA)["a"].raw)


def test_training_rows_are_not_scored_for_other_kinds(monkeypatch):
    def refuse(self, *args, **options):
        raise AssertionError("training rows were scored")

    monkeypatch.setattr(FittedPredictor, "predict", refuse)
    assert "refit" not in vars(Regression)
    assert Regression.refit is Kind.refit
    data = DATA.without_tasks(["a", "b"])
    assert NETWORK.fit(data, data, 0, FAST).tasks.names == ("c",)


@pytest.mark.parametrize("learner", [NETWORK, PooledLinear()], ids=lambda learner: learner.name)
def test_each_task_of_rows_of_its_own_has_its_own(learner):
    table = {**TABLE, "site": np.array(["p", "q"])[np.arange(90) % 2]}
    table["a"] = np.where(table["site"] == "q", 10.0, 1.0) * table["a"]
    features = ["x0", "x1", "x2"]
    data = MultiTaskDataset.from_long(table, TASKS[0], "site", features=features)
    model = learner.fit(data, data, 0, FAST)
    found = spreads(model)
    prediction = model.predict(data)
    for name in ("p", "q"):
        truth = table["a"][table["site"] == name]
        off = prediction[name].response - truth
        assert found[name] == pytest.approx(float(np.sqrt(np.mean(off**2))), rel=1e-5)


@pytest.mark.slow
def test_the_model_to_use_has_what_was_learned_with_the_settings_of_each_task():
    generator = np.random.default_rng(0)
    inputs, noise = generator.normal(size=(600, 30)), generator.normal(size=(600, 2))
    table = {f"x{k}": inputs[:, k] for k in range(30)}
    table |= {"a": 5 * inputs[:, 0] + 0.1 * noise[:, 0], "b": noise[:, 1]}
    data = polytask.read(table, TASKS[:2])
    budget = Budget(trials=3, steps=10)
    found = compare(data, Apart(), split=SPLIT, seeds=1, budget=budget, quiet=True)
    assert found.recommended.recipe is None  # combined of two trials
    (row,) = [row for row in found.learners if row.name == "apart"]
    assert {task for trial in row.runs[0].trials for task in trial.tasks} == {"a", "b"}
    (split,) = SPLIT.splits(data, 0)
    train, _, _ = split.apply(data)
    assert spreads(found.chosen) == pytest.approx(errors(found.chosen, train), rel=1e-5)
