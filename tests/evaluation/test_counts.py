"""Counts from the table to the report: learners, weights, saved models, comparisons, csv files."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from forgery import files_of, sealed_with
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import PoissonRegressor, Ridge

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.cli._prediction_table import prediction_table
from polytask.data import MultiTaskDataset
from polytask.exceptions import BundleError, DataError
from polytask.learners import Constant, LightGBM, Linear, PerTaskEstimator
from polytask.learners._early_stopping import fit_best_rounds
from polytask.learners._rows import Rows
from polytask.report import write_report
from polytask.tasks import Count

GENERATOR = np.random.default_rng(0)
N = 400
X = GENERATOR.normal(size=(N, 2))
MONTHS = GENERATOR.uniform(1, 12, N)
RATE = np.exp(X[:, 0] - 1)
TABLE = {
    "x": X[:, 0],
    "z": X[:, 1],
    "claims": GENERATOR.poisson(RATE * MONTHS),
    "months": MONTHS,
    "visits": GENERATOR.poisson(4 * RATE * GENERATOR.gamma(2.0, 0.5, N)),
}
TARGETS = ["claims=claims,months:count", "visits:count:negative_binomial"]
INPUTS = ["x", "z"]
DATA = polytask.read(TABLE, TARGETS)
NEW = {"x": [-1.0, 0.0, 1.0], "z": [0.0, 0.0, 0.0]}
FAST = Budget(steps=60, trials=1)
LEARNERS = ["linear", "gradient_boosting", "constant", "hard_sharing"]
LEARNERS += ["lightgbm"] if LightGBM.is_installed() else []


@pytest.fixture(scope="module")
def models():
    return {name: polytask.fit(DATA, name, budget=FAST) for name in LEARNERS}


@pytest.mark.parametrize("name", LEARNERS)
def test_saved_models_predict_the_same(models, name, tmp_path):
    models[name].save(tmp_path / "model")
    assert not list((tmp_path / "model").glob("*.pkl"))
    loaded = polytask.load(tmp_path / "model")
    assert [task.kind for task in loaded.tasks] == [Count(), Count("negative_binomial")]
    for task, prediction in loaded.predict(NEW).items():
        np.testing.assert_array_equal(prediction.response, models[name].predict(NEW)[task].response)
        assert (prediction.response > 0).all()


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "constant"])
def test_learners_find_the_order_of_rates(models, name):
    for task in ("claims", "visits"):
        assert (np.diff(models[name].predict(NEW)[task].decision) > 0).all()


def test_the_estimators_have_poisson_losses(models):
    def of(name):
        return [part.estimators for part in models[name].model.parts]

    assert all(type(each) is PoissonRegressor for (each,) in of("linear"))
    assert all(each.loss == "poisson" for (each,) in of("gradient_boosting"))
    if "lightgbm" in models:
        assert all(each.objective == "poisson" for (each,) in of("lightgbm"))


def test_linear_models_are_poisson_regressions_weighted_by_exposure():
    data = polytask.read(TABLE, TARGETS[:1], features=["x"])
    model = polytask.fit(data, Linear(alpha=1.0), validation=data)
    inputs = ((X[:, 0] - X[:, 0].mean()) / X[:, 0].std())[:, None]
    mean = TABLE["claims"].sum() / MONTHS.sum()
    exact = PoissonRegressor(alpha=1e-3, max_iter=1000)
    exact.fit(inputs, TABLE["claims"] / MONTHS / mean, MONTHS)
    expected = mean * exact.predict(inputs)
    np.testing.assert_allclose(model.predict(TABLE)["claims"].response, expected, rtol=1e-3)


def test_row_weights_multiply_exposures():
    weight = GENERATOR.integers(0, 3, N).astype(float)
    weighted = polytask.read({**TABLE, "w": weight}, TARGETS[:1], weight="w", features=INPUTS)
    rows = np.repeat(np.arange(N), weight.astype(int))
    times = {name: values[rows] for name, values in TABLE.items()}
    repeated = polytask.read(times, TARGETS[:1], features=INPUTS)
    for learner in (PerTaskEstimator(PoissonRegressor(alpha=0.0)), Constant()):
        one, other = (polytask.fit(each, learner, validation=each) for each in (weighted, repeated))
        np.testing.assert_allclose(
            one.predict(NEW)["claims"].response, other.predict(NEW)["claims"].response, rtol=2e-2
        )


def test_a_regressor_of_ones_own_answers_counts():
    model = polytask.fit(DATA, Ridge(), validation=DATA)
    response = model.predict({"x": [-9.0, 0.0], "z": [0.0, 0.0]})["claims"].response
    mean = TABLE["claims"].sum() / MONTHS.sum()
    assert response[0] == pytest.approx(1e-3 * mean, rel=1e-4)
    assert response[1] > 0.1 * mean


def test_a_source_without_events_gets_an_estimator_that_says_so(tmp_path):
    second = {name: values[:50] for name, values in TABLE.items()}
    second = {**second, "claims": np.zeros(50, dtype=int)}
    data = MultiTaskDataset.from_sources(
        {"north": TABLE, "south": second}, TARGETS[:1], features=INPUTS
    )
    learners = ["linear", "gradient_boosting", *(["lightgbm"] if "lightgbm" in LEARNERS else [])]
    for name in learners:
        model = polytask.fit(data, name, validation=data)
        assert (
            "no number above 0 among the training rows, so 0 is predicted" in model.history.stopped
        )
        rates = model.predict({"south": NEW})["claims"].response
        assert (rates < 0.01).all()
        model.save(tmp_path / name)
        loaded = polytask.load(tmp_path / name).predict({"south": NEW})
        np.testing.assert_array_equal(loaded["claims"].response, rates)


def test_rounds_of_boosting_are_chosen_by_the_deviance():
    estimator = HistGradientBoostingRegressor(loss="poisson", max_iter=30)
    rows = Rows(X, (TABLE["claims"] / MONTHS)[:, None], MONTHS)
    fitted = fit_best_rounds(estimator, rows, rows, {"sample_weight": MONTHS})
    assert 1 < fitted.n_iter_ <= 30


# ── files of a forger ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "learned",
    [
        {},
        {"mean_count": [0.0], "mean_exposure": [1.0]},
        {"mean_count": [1.0]},
        {"mean_count": [1.0], "mean_exposure": [-1.0]},
        {"mean_count": [1.0, 1.0], "mean_exposure": [1.0]},
        {"mean_count": [1e300], "mean_exposure": [1.0]},
    ],
)
def test_forged_targets_are_refused(models, tmp_path, learned):
    models["constant"].save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    manifest = json.loads(files["bundle.json"])
    manifest["schemas"]["table"]["targets"][0]["learned"] = learned
    forged = sealed_with(files, tmp_path / "forged", manifest)
    with pytest.raises(BundleError, match="does not fit its kind, count"):
        polytask.load(forged)


def test_forged_families_are_refused(models, tmp_path):
    models["constant"].save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    text = files["bundle.json"].decode()
    assert "negative_binomial" in text
    for family, sentence in (("poisson", "does not fit its kind"), ("gamma", "family")):
        manifest = json.loads(text.replace("negative_binomial", family))
        forged = sealed_with(files, tmp_path / family, manifest)
        with pytest.raises(BundleError, match=sentence):
            polytask.load(forged)


def test_forged_numbers_of_estimators_are_refused(models, tmp_path):
    model = models["linear"]
    parts = list(model.model.parts)
    parts[0] = replace(parts[0], estimators=parts[0].estimators * 2)
    forged = replace(model, model=replace(model.model, parts=tuple(parts)))
    forged.save(tmp_path / "model")
    with pytest.raises(BundleError, match="task 'claims' has more or fewer estimators than"):
        polytask.load(tmp_path / "model")
    parts[0] = replace(parts[0], estimators=model.model.parts[0].estimators, spread=True)
    replace(model, model=replace(model.model, parts=tuple(parts))).save(tmp_path / "spread")
    with pytest.raises(BundleError, match="'claims' is no output of an estimator of several tasks"):
        polytask.load(tmp_path / "spread")


# ── tables and reports ────────────────────────────────────────────────────────
def test_predictions_as_a_table(models):
    model = models["hard_sharing"]
    frame = prediction_table(model.predict(NEW), pl.DataFrame(NEW), [], task_column=None)
    assert frame.columns == ["row", "claims", "visits", "visits_dispersion"]
    assert frame.select(pl.all().null_count()).sum_horizontal().item() == 0


def test_new_labels_are_checked_as_those_of_training(models):
    measured = polytask.read(TABLE, list(models["linear"].tasks))
    assert len(measured.sources[0].labelled().rows("claims")) == N
    bad = {**TABLE, "claims": np.where(np.arange(N) == 9, -1, TABLE["claims"])}
    with pytest.raises(DataError, match="column 'claims' holds -1 in row 9"):
        polytask.read(bad, list(models["linear"].tasks))


@pytest.mark.slow
def test_they_are_compared_at_the_defaults_and_reported(tmp_path):
    found = polytask.compare(
        DATA, seeds=2, budget=Budget(steps=80, trials=1), out=tmp_path / "study", quiet=True
    )
    names = {row.name for row in found.learners}
    assert {"linear", "gradient_boosting", "hard_sharing", "single_task", "constant"} <= names
    write_report(found, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "Poisson deviance" in text
    assert "predictions are per unit of" in text


def test_they_are_compared(tmp_path):
    found = polytask.compare(
        DATA, ["hard_sharing", "linear"], seeds=1, budget=FAST, out=tmp_path / "study", quiet=True
    )
    assert "Poisson deviance" in str(found)
    write_report(found, tmp_path / "report.html")


def test_own_rows_share_a_rate():
    sites = {**TABLE, "site": np.array(["p", "q"])[np.arange(N) % 2]}
    task = Task("claims", Count(), ("claims", "months"))
    data = polytask.read(sites, [task], task_column="site", features=INPUTS)
    for learner in ("pooled_linear", "hard_sharing", "linear"):
        model = polytask.fit(data, learner, budget=FAST, validation=data)
        answer = model.predict({**NEW, "site": ["p", "q", "p"]})
        assert answer["p"].response.shape == (2,)
