"""Predicted normal distributions: scores, mixtures, estimators, likelihood, bad targets."""

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import (
    BayesianRidge,
    LinearRegression,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.exceptions import DataError, ParameterError
from polytask.learners import GradientBoosting, Linear
from polytask.losses import GaussianLikelihood
from polytask.metrics import CRPS, GaussianLogScore, default_metric
from polytask.tasks import Distribution, FittedTarget

KIND = Distribution()
TARGET = FittedTarget(("y",), learned={"center": (50.0,), "scale": (10.0,)})


def table(n_rows=600, seed=0):
    """The deviation of y is 1 for small z and 5 for large ones."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n_rows), rng.uniform(size=n_rows)
    y = 20 + 3 * x + np.where(z > 0.5, 5.0, 1.0) * rng.normal(size=n_rows)
    return {"x": x, "z": z, "y": y}


def test_the_loss_is_the_likelihood():
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(20, 2)).astype(np.float32)
    truth = rng.normal(50, 10, 20)
    mean, deviation = KIND.response(raw, TARGET).T
    expected = -stats.norm(mean, deviation).logpdf(truth) - np.log(10.0)
    values = torch.from_numpy(KIND.encode([truth], TARGET))
    rows = GaussianLikelihood().rowwise(torch.from_numpy(raw), values, values > -99, {})
    np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_beta_weighs_rows_by_the_predicted_variance(beta):
    values = torch.tensor([[1.0], [2.0]])
    scores = torch.tensor([[0.5, -1.0], [0.5, 0.7]], requires_grad=True)
    rows = GaussianLikelihood(beta).rowwise(scores, values, values > 0, {})
    (gradient,) = torch.autograd.grad(rows.sum(), scores)
    variance = np.exp(2 * np.array([-1.0, 0.7]))
    by_mean = (np.array([0.5, 0.5]) - [1.0, 2.0]) / variance * variance**beta
    np.testing.assert_allclose(gradient[:, 0].numpy(), by_mean, rtol=1e-5)


@given(
    seed=st.integers(0, 99),
    members=st.integers(1, 5),
)
def test_an_ensemble_answers_with_the_moments_of_the_mixture(seed, members):
    raw = np.random.default_rng(seed).normal(size=(members, 4, 2)).astype(np.float32)
    means, deviations = np.moveaxis([KIND.response(each, TARGET) for each in raw], -1, 0)
    mean = means.mean(axis=0)
    variance = (deviations**2 + means**2).mean(axis=0) - mean**2
    expected = np.stack([mean, np.sqrt(variance)], axis=1)
    averaged = KIND.average(raw)
    np.testing.assert_allclose(KIND.response(averaged, TARGET), expected, rtol=1e-4)
    np.testing.assert_allclose(KIND.average(torch.from_numpy(raw)).numpy(), averaged, rtol=1e-5)


def test_scores_are_proper():
    rng = np.random.default_rng(0)
    truth = rng.normal(3.0, 2.0, 20_000)
    for metric in (CRPS(), GaussianLogScore()):
        scores = {
            (mean, deviation): metric.score(
                truth, np.broadcast_to([mean, deviation], (20_000, 2)), TARGET
            ).value
            for mean in (2.5, 3.0, 3.5)
            for deviation in (1.5, 2.0, 2.6)
        }
        assert min(scores, key=scores.get) == (3.0, 2.0)
    assert default_metric(KIND) == CRPS()


@pytest.mark.parametrize(
    ("estimator", "rank"),
    [
        (BayesianRidge(), 2),
        (GaussianProcessRegressor(), 2),
        (make_pipeline(StandardScaler(), BayesianRidge()), 2),
        (HistGradientBoostingRegressor(), 1),
        (QuantileRegressor(), 1),
        (Ridge(), 0),
        (LinearRegression(), 0),
        (HistGradientBoostingRegressor(loss="poisson"), 0),
        (LogisticRegression(), 0),
    ],
    ids=repr,
)
def test_which_estimators_answer(estimator, rank):
    assert KIND.estimator_rank(estimator) == rank


@pytest.mark.parametrize(
    "estimator",
    [HistGradientBoostingRegressor(max_iter=30, min_samples_leaf=20), QuantileRegressor(alpha=0.0)],
    ids=repr,
)
def test_quantiles_of_estimators_are_deviations(estimator):
    rows = table()
    X, before = np.stack([rows["x"], rows["z"]], axis=1), repr(estimator.get_params())
    target = KIND.fit("y", {"y": rows["y"]})
    labels, _ = KIND.estimator_labels([rows["y"]], target, standardized=True)
    answering = KIND.estimators(estimator, target)
    assert repr(estimator.get_params()) == before
    fitted = [each.fit(X, labels[:, 0]) for each in answering]
    mean, deviation = KIND.response(KIND.from_estimator(fitted, X, target), target).T
    z = (rows["y"] - mean) / deviation
    assert 0.8 < z.std() < 1.3
    assert deviation[rows["z"] > 0.7].mean() > 2 * deviation[rows["z"] < 0.3].mean()


@pytest.mark.parametrize(
    "learner", [Linear(), GradientBoosting(max_iter=40)], ids=lambda one: one.name
)
def test_fitted_saved_loaded(learner, tmp_path):
    data, held_out = (polytask.read(table(seed=seed), ["y:distribution"]) for seed in (0, 2))
    model = polytask.fit(data, learner, validation=held_out)
    answers = model.predict(table(seed=1))["y"].response
    model.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model").predict(table(seed=1))["y"]
    np.testing.assert_array_equal(loaded.response, answers)
    z = (table(seed=1)["y"] - answers[:, 0]) / answers[:, 1]
    assert 0.8 < z.std() < 1.6  # boosted quantiles of few rows cover too little


def test_names_of_predictions():
    columns = KIND.prediction_columns("price", np.array([[1.0, 2.0]]), TARGET)
    assert [(name, values.tolist()) for name, values in columns] == [
        ("price", [1.0]),
        ("price_std", [2.0]),
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Networks with tab_m are trained with")
@pytest.mark.parametrize("model", ["hard_sharing", "hard_sharing+tab_m", "gradient_boosting"])
def test_deviations_follow_the_inputs(model):
    data = polytask.read(table(3000), ["y:distribution"])
    fitted = polytask.fit(data, model, budget=Budget(steps=600))
    new = table(2000, seed=1)
    mean, deviation = fitted.predict(pl.DataFrame(new))["y"].response.T
    assert 0.85 < ((new["y"] - mean) / deviation).std() < 1.2
    calm, wild = (deviation[new["z"] < 0.4].mean(), deviation[new["z"] > 0.6].mean())
    assert 0.6 < calm < 1.8
    assert 3.5 < wild < 6.5


# ── bad targets ───────────────────────────────────────────────────────────────
def test_a_constant_target():
    said = r"column 'y' holds one value only, 3.5, in the training rows, so that no spread can be"
    with pytest.raises(DataError, match=f"Task 'price': {said} learned. Choose the kind regress"):
        Distribution().fit("price", {"y": np.array([3.5, 3.5, np.nan])})
    with pytest.raises(DataError, match=said):
        polytask.read({"x": np.arange(20.0), "y": np.full(20, 3.5)}, ["y:distribution"])


def test_two_columns_texts_and_a_text_after_the_name():
    said = r"Task 'p' is distribution and must have one target column\. Got \['y', 'z'\] instead"
    with pytest.raises(DataError, match=said):
        KIND.fit("p", {"y": np.arange(3.0), "z": np.arange(3.0)})
    with pytest.raises(DataError, match="The target column 'y' of a distribution holds text"):
        KIND.fit("p", {"y": np.array(["a", "b"], dtype=object)})
    with pytest.raises(ParameterError, match="The kind distribution takes no text"):
        Task("y", "distribution:0.5")


def test_an_estimator_without_deviations_is_refused():
    data = polytask.read(table(), ["y:distribution"])
    with pytest.raises(
        ParameterError, match=r"'ridge' cannot learn these tasks: y \(distribution\)"
    ):
        polytask.fit(data, Ridge())


@pytest.mark.parametrize(
    "learned",
    [
        {},
        {"center": (0.0,), "scale": (0.0,)},
        {"center": (0.0,), "scale": (1.0, 1.0)},
        {"center": (0.0,), "scale": (1e308,)},
    ],
    ids=repr,
)
def test_forged_targets(learned):
    assert KIND.accepts(TARGET)
    assert not KIND.accepts(FittedTarget(("y",), learned=learned))
