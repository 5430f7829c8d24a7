"""Thresholds of decisions: the best ones, what follows them, and where they are kept."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Runner
from polytask.exceptions import ParameterError
from polytask.learners import resolve_learner
from polytask.metrics import (
    F1,
    MCC,
    Accuracy,
    BalancedAccuracy,
    LogLoss,
    best_thresholds,
    metrics_for,
    threshold_metric,
)
from polytask.predictor import with_chosen_thresholds
from polytask.statistics import Answers, paired, single
from polytask.tasks import Binary, FittedTarget, Multilabel, thresholds_of, with_thresholds

RNG = np.random.default_rng(0)
TARGET = FittedTarget(("y",), ("no", "yes"), {"class_counts": (90.0, 10.0)})
X = RNG.normal(size=(400, 3))
RARE = X[:, 0] + X[:, 1] + RNG.normal(size=400) > 2.5
TABLE = {f"x{k}": X[:, k] for k in range(3)} | {"rare": RARE, "a": X[:, 0] > 1, "b": X[:, 2] > 1.5}


def truth_and_response(n, seed, *, distinct=True):
    generator = np.random.default_rng(seed)
    truth = (generator.random(n) < 0.2).astype(float)
    response = 1 / (1 + np.exp(-(2 * truth - 2 + generator.normal(size=n))))
    return truth, response if distinct else response.round(1).clip(0.05, 0.95)


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize(
    ("metric", "reference"),
    [(F1(), f1_score), (BalancedAccuracy(), balanced_accuracy_score), (MCC(), matthews_corrcoef)],
)
def test_no_threshold_is_better(metric, reference, distinct):
    truth, response = truth_and_response(80, 1, distinct=distinct)
    weight = RNG.uniform(0.5, 2, 80)
    (threshold,) = best_thresholds(metric, truth, response, TARGET, weight)
    best = reference(truth, response > threshold, sample_weight=weight)
    every = [*np.unique(response), 0.0]
    values = [reference(truth, response > each, sample_weight=weight) for each in every]
    assert best == pytest.approx(max(values))
    moved = with_thresholds(TARGET, (threshold,))
    assert metric.score(truth, response, moved, weight).value == pytest.approx(best)


def test_many_rows_are_searched_in_two_passes():
    truth, response = truth_and_response(20_000, 2)
    (threshold,) = best_thresholds(F1(), truth, response, TARGET, np.ones(20_000))
    values = [f1_score(truth, response > each) for each in np.linspace(0.05, 0.95, 91)]
    assert f1_score(truth, response > threshold) >= max(values)


def test_columns_have_thresholds_of_their_own_and_rows_without_labels_none():
    own_truth, own = truth_and_response(90, 3)
    own_truth[:20] = np.nan
    truth, response = (np.stack(pair, axis=1) for pair in ((own_truth, own * 0), (own, own)))
    target = FittedTarget(("y", "z"), (0, 1), {"positives": (9.0, 0.0)})
    first, second = best_thresholds(F1(), truth, response, target, np.ones(90))
    (alone,) = best_thresholds(F1(), truth[20:, 0], response[20:, 0], TARGET, np.ones(70))
    assert first == alone
    assert second is None  # one class


def test_metrics_of_decisions_follow_the_threshold_and_others_do_not():
    truth, response = truth_and_response(60, 4)
    moved = with_thresholds(TARGET, (0.2,))
    for metric in metrics_for(Task("y", "binary")):
        before, after = (metric.score(truth, response, t).value for t in (TARGET, moved))
        assert (before != after) == metric.decides, metric.name
    decided = Binary().decide(response, moved)
    assert (decided == np.where(response > 0.2, "yes", "no")).all()
    both = with_thresholds(FittedTarget(("y", "z"), (0, 1)), (0.2, 0.7))
    decided = Multilabel().decide(np.array([[0.3, 0.6], [0.1, 0.8]]), both)
    assert decided.tolist() == [[1, 0], [0, 1]]


def test_each_run_is_measured_by_its_own_threshold():
    truth, response = truth_and_response(60, 5)
    targets = tuple(with_thresholds(TARGET, (level,)) for level in (0.2, 0.6))
    answers = Answers(
        truth, (response, response), np.ones(60), np.arange(60), TARGET, Binary(), targets
    )
    values = single(F1(), [answers]).per_run
    assert values == tuple(f1_score(truth, response > level) for level in (0.2, 0.6))
    learner, baseline = (
        Answers(truth, (response,), np.ones(60), np.arange(60), target, Binary(), (target,))
        for target in targets
    )
    assert paired(F1(), [learner], [baseline]).value == pytest.approx(values[0] - values[1])
    with pytest.raises(ParameterError, match="one target per run, of which there are 1"):
        Answers(truth, (response,), np.ones(60), np.arange(60), TARGET, Binary(), targets)


@pytest.mark.parametrize("threshold", ["f1", Accuracy(), 0.3])
def test_kept_with_the_model(threshold, tmp_path):
    tasks = [Task("rare", threshold=threshold), Task("both", "multilabel", ["a", "b"])]
    data = polytask.read(TABLE, tasks, threshold={"both": "balanced_accuracy"})
    model = polytask.fit(data, "linear")
    assert len(model.thresholds["both"]) == 2
    (level,) = model.thresholds["rare"]
    assert level == 0.3 if threshold == 0.3 else 0 < level < 1
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model")
    assert again.thresholds == model.thresholds
    prediction = again.predict(TABLE)["rare"]
    assert (prediction.decision == (prediction.response > level)).all()
    assert again.at_thresholds({"rare": 0.9}).thresholds["rare"] == (0.9,)
    assert again.at_thresholds({"both": [0.1, 0.2]}).thresholds["both"] == (0.1, 0.2)
    for wrong in ({"rare": 1.5}, {"both": [0.1]}, {"both": 0.0}):
        with pytest.raises(ParameterError, match=r"must be a number.* between 0 and 1"):
            again.at_thresholds(wrong)


def test_without_a_wish_there_is_none():
    data = polytask.read(TABLE, ["rare", "a"])
    model = polytask.fit(data, LogisticRegression())
    assert model.thresholds == {}
    one_class = polytask.read(TABLE, "rare", threshold="f1").take({"table": np.flatnonzero(~RARE)})
    asked = polytask.read(TABLE, "rare", threshold="f1")
    assert with_chosen_thresholds(model, one_class, asked.tasks).thresholds == {}


def test_test_rows_choose_nothing_and_every_learner_has_one(tmp_path):
    options = {"threshold": "f1", "metric": {"rare": ["f1", "roc_auc"]}}
    data = polytask.read(TABLE, "rare", **options)
    (split,) = RandomSplit().splits(data, 0)
    changed = dict(TABLE, rare=RARE.copy())
    changed["rare"][split.test["table"]] ^= True
    other = polytask.read(changed, "rare", **options)
    found = []
    for number, rows in enumerate((data, other)):
        with Runner(tmp_path / str(number), rows, Budget(steps=5)) as runner:
            names = ("linear", "single_task", "constant")
            runs = [runner.request(resolve_learner(name), split, 0) for name in names]
            found.append([runner.run(run).thresholds["rare"] for run in runs])
    assert found[0] == found[1]
    comparison = polytask.compare(data, ["linear"], seeds=1, budget=Budget(trials=1, steps=5))
    assert "decided above these probabilities: rare: " in str(comparison)
    rows = {row.name: row.runs[0].thresholds["rare"] for row in comparison.learners}
    assert len(rows) == len(comparison.learners)
    assert comparison.chosen.thresholds["rare"] == rows[comparison.recommended.learner]


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (Task("y", "regression", threshold=0.5), "must be None, since decisions of the kind regr"),
        (Task("y", "binary", threshold="roc_auc"), "metric of decisions that serves the kind bin"),
        (Task("y", "binary", threshold=LogLoss()), "Choose from accuracy, balanced_accuracy, f1"),
    ],
)
def test_thresholds_that_are_refused(task, sentence):
    with pytest.raises(ParameterError, match=sentence):
        threshold_metric(task)


def test_forged_thresholds_are_refused():
    assert Binary().accepts(with_thresholds(TARGET, (0.4,)))
    for forged in ((0.0,), (1.0,), (0.2, 0.3), (-1.0,)):
        assert not Binary().accepts(with_thresholds(TARGET, forged))
    assert thresholds_of(with_thresholds(with_thresholds(TARGET, (0.4,)), ())) == ()
