"""Learners of ordered grades and quantiles: fitted, saved, loaded, predicted."""

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor, Ridge

import polytask
from polytask.bookkeeping import Budget
from polytask.exceptions import BundleError, ParameterError
from polytask.learners import Constant, GradientBoosting, LightGBM, Linear, PerTaskEstimator
from polytask.learners._early_stopping import fit_best_rounds
from polytask.learners._fit_estimator import _few_enough
from polytask.learners._rows import Rows
from polytask.tasks import Ordinal, Quantile, Task

RISKS = ("low", "mid", "high")
TASKS = [Task("risk", Ordinal(RISKS)), Task("price", Quantile((0.1, 0.5, 0.9)))]


def table(n_rows=800, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, 2))
    risk = np.array(RISKS, dtype=object)[np.digitize(x[:, 0] + rng.normal(size=n_rows), [-1, 1])]
    price = 50 + 10 * x[:, 1] + 5 * rng.exponential(size=n_rows)
    missing = np.arange(n_rows) % 7 == 0
    return pl.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "risk": risk.tolist(), "price": price}
    ).with_columns(pl.when(pl.Series(~missing)).then(pl.col("risk", "price")))


def data(**arguments):
    return polytask.read(table(**arguments), TASKS)


@pytest.mark.parametrize(
    "learner", [Linear(), GradientBoosting(), LightGBM(), Constant()], ids=lambda one: one.name
)
def test_fitted_saved_loaded(learner, tmp_path):
    model = polytask.fit(data(), learner, validation=data(seed=1))
    rows = table(seed=2)
    predicted = model.predict(rows)
    model.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model").predict(rows)
    for task in ("risk", "price"):
        np.testing.assert_array_equal(loaded[task].response, predicted[task].response)
    assert set(predicted["risk"].decision) <= set(RISKS)
    np.testing.assert_allclose(predicted["risk"].response.sum(axis=1), 1)
    quantiles = predicted["price"].response
    assert (np.diff(quantiles, axis=1) >= 0).all()
    prices = rows["price"].to_numpy()
    below = np.nanmean(
        np.where(np.isnan(prices), np.nan, 1.0)[:, None] * (prices[:, None] <= quantiles), 0
    )
    np.testing.assert_allclose(below, (0.1, 0.5, 0.9), atol=0.12)


@pytest.mark.parametrize("n_weighed", [40, 200])
def test_rows_of_weight_0_are_not_drawn_for_linear_programs(n_weighed, monkeypatch):
    monkeypatch.setattr("polytask.learners._fit_estimator._MOST_ROWS", 50)
    weight = np.r_[np.zeros(1000), np.arange(1.0, n_weighed + 1)]
    rows = Rows(np.arange(len(weight))[:, None], np.ones((len(weight), 1)), weight)
    remarks = []
    drawn = _few_enough(QuantileRegressor(), rows, remarks.append)
    assert len(drawn) == min(n_weighed, 50)
    assert len(remarks) == (n_weighed > 50)
    np.testing.assert_array_equal(drawn.weight, drawn.X[:, 0] - 999)


def test_an_estimator_without_levels_serves_no_quantiles():
    learner = PerTaskEstimator(Ridge())
    assert not learner.serves(data().tasks)
    with pytest.raises(ParameterError, match="cannot learn task 'risk', whose kind is ordinal"):
        learner.fit(data(), data(seed=1), 0, Budget())


def test_a_model_with_a_level_too_few_is_refused(tmp_path):
    only_price = polytask.read(table().drop("risk"), TASKS[1:])
    model = polytask.fit(only_price, Linear(), validation=only_price)
    part = model.model.parts[0]
    object.__setattr__(part, "estimators", part.estimators[:2])
    model.save(tmp_path / "model")
    with pytest.raises(BundleError, match="task 'price' has more or fewer estimators"):
        polytask.load(tmp_path / "model")


def test_large_linear_programs_learn_from_a_draw(monkeypatch):
    monkeypatch.setattr("polytask.learners._fit_estimator._MOST_ROWS", 100)
    only_price = polytask.read(table().drop("risk"), TASKS[1:])
    model = polytask.fit(only_price, Linear(), validation=only_price)
    assert "100 drawn rows are learned from" in model.history.stopped


def test_rounds_of_boosting_are_chosen_by_the_pinball_loss():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2, 400, 1)), rng.exponential(size=(2, 400))
    train, validation = (Rows(inputs, values[:, None]) for inputs, values in zip(X, y, strict=True))
    boosting = HistGradientBoostingRegressor(
        loss="quantile", quantile=0.05, max_iter=60, min_samples_leaf=200
    )
    best = fit_best_rounds(boosting, train, validation, {})
    whole = HistGradientBoostingRegressor(
        loss="quantile", quantile=0.05, max_iter=60, min_samples_leaf=200
    ).fit(X[0], y[0])
    errors = [y[1] - answer for answer in whole.staged_predict(X[1])]
    losses = [np.maximum(0.05 * error, -0.95 * error).mean() for error in errors]
    assert best.n_iter_ == 1 + int(np.argmin(losses))


def test_a_users_estimator_of_quantiles():
    only_price = polytask.read(table().drop("risk"), TASKS[1:])
    learner = PerTaskEstimator(QuantileRegressor(alpha=0.0, solver="highs"))
    model = polytask.fit(only_price, learner, validation=only_price)
    assert [one.quantile for one in model.model.parts[0].estimators] == [0.1, 0.5, 0.9]
