"""What a kind declares of itself is enough: no other file needs to know it."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.special import xlogy
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

import polytask
from polytask import Task
from polytask.architectures import ESMM
from polytask.bookkeeping import Budget
from polytask.exceptions import DataError
from polytask.losses import Loss, MeanSquaredError
from polytask.metrics import Metric, MetricValue, metrics_for
from polytask.tasks import (
    Binary,
    FittedTarget,
    Kind,
    Multiclass,
    Regression,
    TaskSet,
    gives_numbers,
    number_column,
    observed_numbers,
    predicted_numbers,
    weighted_means,
)
from polytask.testing import check_kind, check_loss, check_metric

MOST = 1e4


@dataclass(frozen=True)
class Events(Kind):
    """Numbers of events, of which scores are the logarithm of the rate."""

    name = "events"
    numeric = True
    measured_as = (Regression,)

    def fit(self, owner, columns):
        if len(columns) != 1:
            raise DataError(f"Task {owner!r} needs one target column. Got {list(columns)}.")
        ((column, values),) = columns.items()
        observed = observed_numbers(owner, column, values, self.name)
        if observed.min() < 0:
            raise DataError(f"Task {owner!r}: column {column!r} holds numbers below 0.")
        return FittedTarget((column,))

    def score_shape(self, fitted):
        return (1,)

    def truth(self, columns, fitted):
        return number_column(fitted.columns[0], columns[0], self.name)

    def encode(self, columns, fitted):
        return self.truth(columns, fitted)[:, None].astype(np.float32)

    def response(self, raw, fitted):
        return np.exp(np.clip(raw[:, 0].astype(np.float64), -50, 50))

    def raw(self, response, fitted):
        return np.log(np.maximum(response, 1e-20))[:, None].astype(np.float32)

    def decide(self, response, fitted):
        return response

    def mean_response(self, truth, fitted, weight):
        return np.maximum(weighted_means(truth, weight), 1e-6)

    def accepts_estimator(self, estimator):
        return gives_numbers(estimator)

    def suited(self, estimator):
        boosted = isinstance(estimator, HistGradientBoostingRegressor)
        settings = {**estimator.get_params(), "loss": "poisson"}
        return HistGradientBoostingRegressor(**settings) if boosted else estimator

    def from_estimator(self, estimators, inputs, fitted):
        return self.raw(predicted_numbers(estimators, inputs)[:, 0], fitted)


@dataclass(frozen=True)
class Poisson(Loss):
    """Negative log-likelihood of a rate, up to a constant."""

    kinds = (Events,)
    default_for = (Events,)

    def rowwise(self, scores, values, mask, constants):
        logarithm = scores[..., 0].clamp(max=20)
        return torch.where(mask[..., 0], logarithm.exp() - values[..., 0] * logarithm, 0.0)


@dataclass(frozen=True)
class Deviance(Metric):
    """Mean Poisson deviance."""

    name = label = "deviance"
    kinds = (Events,)
    default_for = (Events,)
    greater_is_better = False
    best = 0.0

    def measure(self, truth, response, weight, fitted):
        rows = 2 * (xlogy(truth, truth / response) - truth + response)
        return MetricValue(float(np.average(rows, weights=weight)))


@dataclass(frozen=True)
class Level(Kind):
    """A number of its own standard form, which extends no other kind."""

    name = "level"
    numeric = True
    scores = "means"
    measured_as = (Regression,)

    def fit(self, owner, columns):
        return Regression().fit(owner, columns)

    def score_shape(self, fitted):
        return Regression().score_shape(fitted)

    def units(self, fitted):
        return Regression().units(fitted)

    def accepts(self, fitted):
        return Regression().accepts(fitted)

    def truth(self, columns, fitted):
        return Regression().truth(columns, fitted)

    def encode(self, columns, fitted):
        return Regression().encode(columns, fitted)

    def response(self, raw, fitted):
        return Regression().response(raw, fitted)

    def raw(self, response, fitted):
        return Regression().raw(response, fitted)

    def decide(self, response, fitted):
        return response


@dataclass(frozen=True)
class SquaredError(Loss):
    """Mean squared error of levels."""

    kinds = (Level,)
    default_for = (Level,)

    def rowwise(self, scores, values, mask, constants):
        return MeanSquaredError().rowwise(scores, values, mask, constants)


def test_what_a_kind_declares_is_checked():
    for kind in (Events(), Level()):
        check_kind(kind)
    check_loss(Poisson())
    check_metric(Deviance())
    (mae,) = (metric for metric in metrics_for(Task("n", Events())) if metric.name == "mae")
    check_metric(mae, Events())


@pytest.mark.parametrize(
    ("base", "scores", "message"),
    [
        (Events, "means", "means need a unit for each column"),
        (Events, "event", "not the probabilities of which scores are log-odds"),
        (Multiclass, "event", "event have scores of the shape"),
        (Regression, "log_odds", "`scores` must be one of"),
    ],
)
def test_wrong_declarations_are_found(base, scores, message):
    wrong = type("Wrong", (base,), {"scores": scores, "__module__": __name__})
    with pytest.raises(AssertionError, match=message):
        check_kind(dataclass(frozen=True)(wrong)())


def test_responses_that_are_not_of_their_units_are_found():
    @dataclass(frozen=True)
    class Squared(Level):
        def response(self, raw, fitted):
            return super().response(raw * abs(raw), fitted)

        def raw(self, response, fitted):
            raw = super().raw(response, fitted)
            return np.sign(raw) * np.sqrt(abs(raw))

    with pytest.raises(AssertionError, match="not a center plus scores times units"):
        check_kind(Squared())


def test_metrics_of_the_kind_it_is_measured_as_serve_it():
    found = [metric.name for metric in metrics_for(Task("n", Events()))]
    others = {metric.name for metric in metrics_for(Task("y", "regression"))}
    assert found[0] == "deviance"
    assert set(found) == {"deviance", *others}
    assert metrics_for(Task("n", Events(), metrics="rmse"))[0].name == "rmse"


def test_estimators_learn_with_the_loss_that_suits_the_kind():
    generator = np.random.default_rng(0)
    x = generator.normal(size=300)
    table = {"x": x, "n": generator.poisson(np.exp(x / 2)).astype(float), "y": x}
    data = polytask.read(table, [Task("n", Events()), Task("y", "regression")])
    model = polytask.fit(data, "gradient_boosting", budget=Budget(steps=1))
    losses = [part.estimators[0].loss for part in model.model.parts]
    assert losses == ["poisson", "squared_error"]
    assert isinstance(Events().suited(Ridge()), Ridge)


def test_cascades_compose_means_of_any_kind():
    generator = np.random.default_rng(0)
    happened = generator.integers(0, 2, 60)
    table = {"x": generator.normal(size=60), "buy": happened, "spent": 5.0 * happened}
    networks = []
    for kind in (Regression(), Level()):
        tasks = [Task("buy", Binary()), Task("spent", kind, after="buy")]
        model = polytask.fit(polytask.read(table, tasks), ESMM(), budget=Budget(steps=5), seed=0)
        networks.append(model.predict({"x": [0.0, 1.0]})["spent"].response)
    np.testing.assert_array_equal(*networks)
    later = TaskSet([Task("buy", Binary()), Task("n", Events(), after="buy")])
    assert "Task 'n' is events." in ESMM().refuses(later)
