"""Grades and quantiles from the table to the report: comparisons, weights, forged files, sources."""

import json

import numpy as np
import pytest
from forgery import files_of, sealed_with
from sklearn.linear_model import LogisticRegression, QuantileRegressor

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import BundleError, DataError
from polytask.learners import Constant, PerTaskEstimator
from polytask.metrics import metrics_for
from polytask.report import write_report
from polytask.tasks import Ordinal, Quantile

N = 300
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(N, 2))
PRICE = 20 + 5 * X[:, 0] + np.exp(X[:, 1] / 2) * GENERATOR.normal(size=N)
GRADES = ("poor", "fair", "good")
GRADE = np.array(GRADES)[np.digitize(X[:, 0] + 0.5 * GENERATOR.normal(size=N), [-0.5, 0.5])]
TABLE = {"x": X[:, 0], "z": X[:, 1], "price": PRICE, "grade": GRADE}
TARGETS = ["price:quantile:0.1,0.5,0.9", "grade:ordinal:poor<fair<good"]
INPUTS = ["x", "z"]
DATA = polytask.read(TABLE, TARGETS)
NEW = {"x": [-2.0, 0.0, 2.0], "z": [0.0, 0.0, 0.0]}
FAST = Budget(steps=60, trials=1)


@pytest.fixture(scope="module")
def constant():
    return polytask.fit(DATA, "constant")


def test_they_are_compared_and_reported(tmp_path):
    found = polytask.compare(
        DATA, ["hard_sharing", "linear"], seeds=2, budget=FAST, out=tmp_path / "study", quiet=True
    )
    assert "pinball loss" in str(found)
    assert "RPS" in str(found)
    write_report(found, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for task, kind in (("price", Quantile()), ("grade", Ordinal(GRADES))):
        for metric in metrics_for(Task(task, kind)):
            assert metric.label in text


@pytest.mark.parametrize(
    "metric",
    [
        ("price", "pinball"),
        ("grade", "ranked_probability_score"),
        *(
            pytest.param(("grade", name), marks=pytest.mark.slow)
            for name in ("grade_error", "accuracy", "balanced_accuracy", "log_loss")
        ),
    ],
    ids=lambda pair: pair[1],
)
def test_every_headline_has_a_gain_with_an_interval(metric, tmp_path):
    task, name = metric
    kind = Quantile() if task == "price" else Ordinal(GRADES)
    data = polytask.read({**TABLE}, [Task(task, kind, metrics=(name,))], features=INPUTS)
    found = polytask.compare(
        data, ["linear", "hard_sharing"], seeds=1, budget=FAST, out=tmp_path / "s", quiet=True
    )
    assert "Δm" in str(found)
    assert "[" in str(found)


def test_row_weights_are_repeated_rows():
    weight = GENERATOR.integers(0, 3, N).astype(float)
    weighted = polytask.read({**TABLE, "w": weight}, TARGETS, weight="w", features=INPUTS)
    rows = np.repeat(np.arange(N), weight.astype(int))
    repeated = polytask.read({name: values[rows] for name, values in TABLE.items()}, TARGETS)
    exact = PerTaskEstimator((QuantileRegressor(alpha=0.0), LogisticRegression(C=1.0)))
    for learner in (exact, Constant()):
        one, other = (polytask.fit(each, learner, validation=each) for each in (weighted, repeated))
        for task in ("price", "grade"):
            np.testing.assert_allclose(
                one.predict(NEW)[task].response, other.predict(NEW)[task].response, atol=0.25
            )


def test_the_constant_states_quantiles_and_shares(constant):
    answers = constant.predict(NEW)
    train = np.quantile(PRICE, (0.1, 0.5, 0.9), method="inverted_cdf")
    np.testing.assert_allclose(answers["price"].response[0], train, rtol=0.05)
    shares = [(grade == GRADE).mean() for grade in GRADES]
    np.testing.assert_allclose(answers["grade"].response[0], shares, atol=0.05)
    assert (answers["grade"].decision == "fair").all()


@pytest.mark.parametrize("learner", ["pooled_linear", "hard_sharing", "linear"])
@pytest.mark.parametrize("target", TARGETS)
def test_rows_of_tasks_of_their_own(learner, target):
    sites = {**TABLE, "site": np.array(["p", "q"])[np.arange(N) % 2]}
    data = polytask.read(sites, [target], task_column="site", features=INPUTS)
    model = polytask.fit(data, learner, budget=FAST, validation=data)
    answer = model.predict({**NEW, "site": ["p", "q", "p"]})
    assert answer["p"].response.shape == (2, 3)


def test_several_sources_know_all_grades():
    south = {name: values[GRADE != "good"] for name, values in TABLE.items()}
    data = MultiTaskDataset.from_sources({"north": TABLE, "south": south}, TARGETS, features=INPUTS)
    model = polytask.fit(data, "linear", validation=data)
    answers = model.predict({"south": NEW})
    assert answers["grade"].response.shape == (3, 3)
    assert answers["grade"].target.classes == GRADES


def test_new_labels_are_checked_as_those_of_training(constant):
    bad = {**TABLE, "grade": np.where(np.arange(N) == 9, "bad", GRADE)}
    with pytest.raises(DataError, match="row 9 of column 'grade' holds 'bad', which is none of"):
        polytask.read(bad, list(constant.tasks))


# ── files of a forger ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "learned",
    [
        {},
        {"center": [0.0], "scale": [0.0], "levels": [0.1, 0.5, 0.9]},
        {"center": [0.0], "scale": [1.0], "levels": [0.1, 0.5]},
        {"center": [0.0], "scale": [1.0], "levels": [0.1, 0.9, 0.5]},
        {"center": [0.0, 0.0], "scale": [1.0], "levels": [0.1, 0.5, 0.9]},
        {"center": [1e308], "scale": [1e308], "levels": [0.1, 0.5, 0.9]},
    ],
)
def test_forged_quantiles_are_refused(constant, tmp_path, learned):
    constant.save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    manifest = json.loads(files["bundle.json"])
    manifest["schemas"]["table"]["targets"][0]["learned"] = learned
    forged = sealed_with(files, tmp_path / "forged", manifest)
    with pytest.raises(BundleError, match="does not fit its kind, quantile"):
        polytask.load(forged)


@pytest.mark.parametrize("change", [("levels", [0.9, 0.1]), ("order", ["poor"]), ("order", "poor")])
def test_forged_kinds_are_refused(constant, tmp_path, change):
    constant.save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    name, value = change
    manifest = json.loads(files["bundle.json"])

    def forge(node):
        if isinstance(node, dict):
            return {key: value if key == name else forge(each) for key, each in node.items()}
        return [forge(each) for each in node] if isinstance(node, list) else node

    forged = sealed_with(files, tmp_path / "forged", forge(manifest))
    with pytest.raises(BundleError, match=name):
        polytask.load(forged)
