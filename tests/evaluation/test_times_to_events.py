"""Times to events and distributions from the table to the report: comparisons, sources, weights."""

import json

import numpy as np
import pytest
from forgery import files_of, sealed_with
from small_architectures import small_architectures

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.evaluation.judging._checks import calibrations
from polytask.exceptions import BundleError
from polytask.learners import Constant, Linear
from polytask.metrics import metrics_for
from polytask.report import write_report
from polytask.statistics import Answers
from polytask.tasks import Distribution, Survival
from polytask.testing import check_architecture, tiny_dataset

N = 400
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(N, 2))
DEATH, END = GENERATOR.exponential(5 * np.exp(-X[:, 0])), GENERATOR.exponential(10.0, N)
TABLE = {
    "x": X[:, 0],
    "z": X[:, 1],
    "months": np.minimum(DEATH, END),
    "died": DEATH <= END,
    "cost": 20 + 5 * X[:, 0] + np.exp(X[:, 1] / 2) * GENERATOR.normal(size=N),
}
TARGETS = ["death=months,died:survival:6", "cost:distribution"]
INPUTS = ["x", "z"]
DATA = polytask.read(TABLE, TARGETS)
NEW = {"x": [-2.0, 0.0, 2.0], "z": [0.0, 0.0, 0.0]}
FAST = Budget(steps=60, trials=1)


def test_they_are_compared_and_reported(tmp_path):
    found = polytask.compare(
        DATA, ["linear"], seeds=1, budget=FAST, out=tmp_path / "study", quiet=True
    )
    assert "integrated Brier" in str(found)
    assert "CRPS" in str(found)
    write_report(found, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for kind in (Survival(), Distribution()):
        for metric in metrics_for(Task("y", kind, ("a", "b") if kind.whole_rows else "a")):
            assert metric.label in text


def test_calibration_is_checked_at_the_same_times_in_all_splits():
    """Training rows of other times have other cuts; between cuts, curves are straight."""
    columns = {"months": TABLE["months"], "died": TABLE["died"].astype(float)}
    halves = [{name: values[part::2] for name, values in columns.items()} for part in range(2)]
    kind, target = Survival(6), Survival(6).fit("death", halves[0])
    other = Survival(6).fit("death", {**halves[1], "months": 2 * halves[1]["months"]})
    truth = kind.truth(list(halves[0].values()), target)
    n_rows = len(truth)
    curves = [np.exp(-np.array(own.learned["cuts"]) / 5.0) for own in (target, other)]
    answers = tuple(
        Answers(
            truth, (np.tile(curve, (n_rows, 1)),), np.ones(n_rows), np.arange(n_rows), own, kind
        )
        for own, curve in zip((target, other), curves, strict=True)
    )
    together = calibrations({"death": answers})["death"]
    between = np.interp(
        target.learned["cuts"], (0.0, *other.learned["cuts"]), (1.0, *curves[1].tolist())
    )
    np.testing.assert_allclose(together.stated, (curves[0] + between) / 2, rtol=1e-4)


def test_row_weights_are_repeated_rows():
    weight = GENERATOR.integers(0, 3, N).astype(float)
    rows = np.repeat(np.arange(N), weight.astype(int))
    weighted = polytask.read({**TABLE, "w": weight}, TARGETS, weight="w", features=INPUTS)
    repeated = polytask.read({name: values[rows] for name, values in TABLE.items()}, TARGETS)
    one, other = (polytask.fit(each, Constant(), validation=each) for each in (weighted, repeated))
    first, second = one.predict(NEW), other.predict(NEW)
    np.testing.assert_allclose(first["cost"].response, second["cost"].response, rtol=0.03)
    cuts = [answers["death"].target.learned["cuts"] for answers in (first, second)]
    curves = [answers["death"].response[0] for answers in (first, second)]
    at = np.linspace(cuts[0][0], min(cuts[0][-1], cuts[1][-1]), 5)
    one_curve, other_curve = (np.interp(at, *each) for each in zip(cuts, curves, strict=True))
    np.testing.assert_allclose(one_curve, other_curve, atol=0.04)


@pytest.mark.parametrize("learner", ["pooled_linear", "hard_sharing", "linear"])
def test_rows_of_tasks_of_their_own(learner):
    sites = {**TABLE, "site": np.array(["p", "q"])[np.arange(N) % 2]}
    data = polytask.read(sites, TARGETS[:1], task_column="site", features=INPUTS)
    model = polytask.fit(data, learner, budget=FAST, validation=data)
    curves = model.predict({**NEW, "site": ["p", "q", "p"]})["p"].response
    assert curves.shape == (2, 6)
    assert (np.diff(curves, axis=1) <= 0).all()


def test_several_sources_share_the_cuts():
    south = {name: values[:150] for name, values in TABLE.items()}
    data = MultiTaskDataset.from_sources({"north": TABLE, "south": south}, TARGETS, features=INPUTS)
    model = polytask.fit(data, "hard_sharing", budget=FAST, validation=data)
    answers = [model.predict({source: NEW})["death"] for source in ("north", "south")]
    cuts = [answer.target.learned["cuts"] for answer in answers]
    assert cuts[0] == cuts[1]
    assert all(answer.response.shape == (3, 6) for answer in answers)


def test_higher_hazards_are_recovered(tmp_path):
    model = polytask.fit(DATA, Linear(), validation=DATA)
    model.save(tmp_path / "model")
    answers = polytask.load(tmp_path / "model").predict(NEW)["death"]
    cuts = np.array(answers.target.learned["cuts"])
    true = np.exp(-np.exp(np.array(NEW["x"]))[:, None] * cuts / 5)
    np.testing.assert_allclose(answers.response, true, atol=0.2)


@pytest.mark.parametrize(
    ("task", "learned"),
    [
        (0, {}),
        (0, {"cuts": [1.0], "survival": [0.5], "censoring_times": [0.0]}),
        (1, {"center": [0.0], "scale": [-1.0]}),
    ],
)
def test_forged_targets_are_refused(tmp_path, task, learned):
    polytask.fit(DATA, "constant").save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    manifest = json.loads(files["bundle.json"])
    manifest["schemas"]["table"]["targets"][task]["learned"] = learned
    forged = sealed_with(files, tmp_path / "forged", manifest)
    with pytest.raises(BundleError, match=r"does not fit its kind, (survival|distribution)"):
        polytask.load(forged)


SHARED = tiny_dataset(["survival", "distribution", "regression"])
OWN_ROWS = [tiny_dataset([kind] * 2, own_rows=True) for kind in ("survival", "distribution")]
RECIPES = small_architectures()


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_architecture_serves_them_or_says_why_not(recipe):
    data = OWN_ROWS if recipe.one_task_per_row else [SHARED]
    reasons = {recipe.refuses(each.tasks) for each in data}
    if reasons == {None}:
        check_architecture(recipe, list(data))
    else:
        assert all("binary" in reason for reason in reasons)
