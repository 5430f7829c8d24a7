"""Proportional hazards: baseline, curves and scores, estimators, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.encoders import MLP
from polytask.exceptions import DataError, ParameterError
from polytask.losses import CoxLikelihood, loss_for
from polytask.metrics import Concordance, IntegratedBrier, default_metric
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import FittedTarget, ProportionalSurvival, Survival
from polytask.tasks._proportional_hazards import log_baseline, nearest_scores
from polytask.training import Trainer

KIND = ProportionalSurvival(4)
X = np.random.default_rng(0).normal(size=(12, 2)).round(2)
TIME = np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8])
EVENT = np.array([1.0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0])
WEIGHT = np.array([1.0, 2, 1, 3, 1, 2, 1, 1, 2, 1, 1, 1])
TRUTH = np.stack([TIME, EVENT], axis=1)
TARGET = KIND.fit("y", {"t": TIME, "e": EVENT})


def scores(values):
    return np.asarray(values, dtype=np.float32)[:, None]


def test_the_baseline_of_lifelines():
    """Golden values of lifelines 0.30.3, with the columns above in a data frame.

    ``CoxPHFitter(penalizer=0.1).fit(frame, "t", "e", weights_col="w", robust=True)``: its
    ``params_``, ``_norm_mean`` and ``baseline_cumulative_hazard_``.
    """
    centred = X - [-0.35833333333333334, 0.12833333333333333]
    partial = centred @ [1.1759880850148754, -0.3956817683383277]
    expected = [0.152165, 0.242418, 0.333600, 0.333600, 0.945004, 1.322414, 1.322414]
    cuts = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0)
    logs = log_baseline(TIME, EVENT == 1, partial, WEIGHT, cuts)
    np.testing.assert_allclose(np.exp(logs), expected, atol=1e-6)
    refitted = KIND.refit(TRUTH, scores(partial), TARGET, WEIGHT)
    hazards = dict(zip(cuts, expected, strict=True))
    wanted = [np.exp(-hazards[cut]) for cut in TARGET.learned["cuts"]]
    (curve,) = KIND.response(scores([0.0]), refitted)
    np.testing.assert_allclose(curve, wanted, atol=1e-6)


def test_before_training_a_score_of_0_is_the_curve_of_all():
    (curve,) = KIND.response(scores([0.0]), TARGET)
    np.testing.assert_allclose(curve, TARGET.learned["survival"])
    mean = KIND.mean_response(TRUTH, TARGET, np.ones(12))
    np.testing.assert_allclose(KIND.raw(mean[None], TARGET), [[0.0]], atol=1e-6)


@given(seed=st.integers(0, 99))
def test_weights_are_repeated_rows(seed):
    generator = np.random.default_rng(seed)
    raw, times = scores(generator.normal(size=12)), generator.integers(0, 4, 12)
    rows = np.repeat(np.arange(12), times)
    weighted = KIND.refit(TRUTH, raw, TARGET, times.astype(float))
    repeated = KIND.refit(TRUTH[rows], raw[rows], TARGET, np.ones(len(rows)))
    np.testing.assert_allclose(
        weighted.learned["log_baseline"], repeated.learned["log_baseline"], rtol=1e-6
    )


@given(seed=st.integers(0, 99), shift=st.floats(-50, 50))
def test_a_constant_added_to_all_scores_changes_no_curve(seed, shift):
    raw = scores(np.random.default_rng(seed).normal(size=12))
    moved = (raw + shift).astype(np.float32)
    plain, other = (KIND.refit(TRUTH, each, TARGET, np.ones(12)) for each in (raw, moved))
    np.testing.assert_allclose(
        KIND.response(moved, other), KIND.response(raw, plain), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("size", [1e3, 1e4, 1e30])
def test_baselines_of_extreme_scores_are_such_as_a_file_may_hold(size):
    raw = scores(size * np.random.default_rng(0).normal(size=12))
    raw[3] = np.nan
    refitted = KIND.refit(TRUTH, raw, TARGET, WEIGHT)
    assert KIND.accepts(refitted)
    assert np.isfinite(KIND.response(raw[:3], refitted)).all()


def test_without_an_event_of_any_weight_the_baseline_stays():
    assert KIND.refit(TRUTH, scores(np.ones(12)), TARGET, 1 - EVENT) == TARGET
    truth = np.where(EVENT[:, None] == 1, np.nan, TRUTH)
    assert KIND.refit(truth, scores(np.ones(12)), TARGET, WEIGHT) == TARGET


def test_the_nearest_proportional_curve_is_the_likeliest():
    """Scores beside it make the times that a curve gives less likely."""
    logs = np.log([0.2, 0.5, 0.9])
    hazards = np.array([[0.05, 0.4, 1.9]])
    (best,) = nearest_scores(hazards, tuple(logs))
    fine = np.linspace(0, 1, 20_001)
    knots = np.linspace(0, 1, 4)
    baseline, curve = (
        np.interp(fine, knots, [0, *each]) for each in (np.exp(logs), hazards[0].tolist())
    )
    survival = np.exp(-curve)

    def likelihood(score):
        drops, steps = -np.diff(survival), np.diff(baseline)
        at_risk = (survival[1:] + survival[:-1]) / 2 @ steps
        return drops @ np.log(steps) + score * drops.sum() - np.exp(score) * at_risk

    found = [likelihood(best + step) for step in (-1e-2, 0.0, 1e-2)]
    assert max(found) == found[1]


def test_estimators_order_rows_by_their_curves():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    times, ends = rng.exponential(np.exp(-x)), rng.exponential(2.0, 2000)
    columns = [np.minimum(times, ends), (times <= ends).astype(float)]
    target = KIND.fit("y", {"t": columns[0], "e": columns[1]})
    labels, _ = KIND.estimator_labels(columns, target, standardized=True)
    answers = [
        LogisticRegression().fit(x[seen, None], cell[seen])
        for cell, seen in zip(labels.T, np.isfinite(labels).T, strict=True)
    ]
    raw = KIND.from_estimator(answers, x[:, None], target)
    refitted = KIND.refit(np.stack(columns, axis=1), raw, target, np.ones(2000))
    again = KIND.from_estimator(answers, x[:, None], refitted)
    np.testing.assert_array_equal(again, raw)
    new = np.array([[-1.0], [0.0], [1.0]])
    curves = KIND.response(KIND.from_estimator(answers, new, refitted), refitted)
    true = np.exp(-np.exp(new) * np.array(target.learned["cuts"]))
    np.testing.assert_allclose(curves, true, atol=0.08)


def test_loss_and_metrics():
    assert loss_for(KIND) == CoxLikelihood()
    assert default_metric(KIND) == IntegratedBrier()
    assert Concordance.serves(KIND)
    with pytest.raises(ParameterError, match=r"serves tasks of kind survival\. Got"):
        loss_for(KIND, "hazard_likelihood")
    with pytest.raises(ParameterError, match="CoxLikelihood serves tasks of kind survival:cox"):
        loss_for(Survival(), "cox_likelihood")


def test_texts_after_the_name():
    assert Task("y", "survival:cox", ("t", "e")).kind == ProportionalSurvival()
    assert Task("y", "survival: cox, 12", ("t", "e")).kind == ProportionalSurvival(12)
    said = "as in survival:12, or the model of Cox, as in survival:cox and survival:cox,12. Got"
    for text in ("cox,", "cox,0", "cox,x", "cox:12", "weibull", "12,cox"):
        with pytest.raises(ParameterError, match=said):
            Task("y", f"survival:{text}", ("t", "e"))


def test_one_column():
    said = r"is survival:cox and must have two .* Write NAME=TIME,EVENT:survival:cox, in Python"
    with pytest.raises(DataError, match=said):
        KIND.fit("y", {"t": TIME})


LEARNED = TARGET.learned


@pytest.mark.parametrize(
    "learned",
    [
        {name: LEARNED[name] for name in LEARNED if name != "log_baseline"},
        {**LEARNED, "log_baseline": LEARNED["log_baseline"][:-1]},
        {**LEARNED, "log_baseline": LEARNED["log_baseline"][::-1]},
        {**LEARNED, "log_baseline": (-1e9, *LEARNED["log_baseline"][1:])},
        {**LEARNED, "log_baseline": (*LEARNED["log_baseline"][:-1], float("nan"))},
        {**LEARNED, "cuts": (1.0, 1.0, 2.0, 3.0)},
        {**LEARNED, "more": (1.0,)},
    ],
    ids=["no", "short", "falling", "far", "nan", "cuts", "more"],
)
def test_forged_targets(learned):
    assert KIND.accepts(TARGET)
    assert not KIND.accepts(FittedTarget(("t", "e"), learned=learned))


@pytest.mark.slow
def test_a_linear_network_is_the_regression_of_lifelines():
    """Golden values of lifelines 0.30.3, for a network that sees all rows in each batch.

    ``CoxPHFitter().fit(frame, "t", "e", weights_col="w", robust=True)`` on the columns below: its
    ``params_``, and ``predict_survival_function`` of rows (1, 0, 0) and (0, 1, 0) at our
    cuts.
    """
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 3))
    times = rng.exponential(np.exp(-inputs @ np.array([1.0, -0.5, 0.0])))
    ends = rng.exponential(2.0, 600)
    table = {f"x{k}": inputs[:, k] for k in range(3)}
    table |= {"t": np.minimum(times, ends), "e": times <= ends}
    table["w"] = rng.integers(1, 4, 600).astype(float)
    features = ["x0", "x1", "x2"]
    data = polytask.read(table, ["y=t,e:survival:cox,4"], weight="w", features=features)
    trainer = Trainer(batch_size=600, steps=300, learning_rate=0.05, weight_decay=0.0)
    network = MultiTaskNetwork(HardSharing(MLP(())), trainer)
    model = network.fit(data, None, 0)
    units = {name: np.eye(4)[:, k] for k, name in enumerate(features)}
    answer = model.predict(units)["y"]
    coefficients = answer.raw[:3, 0] - answer.raw[3, 0]
    expected = [1.0955163341386926, -0.5428349392633174, -0.06434677091489031]
    np.testing.assert_allclose(coefficients, expected, atol=1e-3)
    curves = [
        [0.7744776855989663, 0.511582540906431, 0.2753807777194182, 0.07128433623678188],
        [0.9515561425202067, 0.8778944160120271, 0.77835735239111, 0.5985998599517259],
    ]
    np.testing.assert_allclose(answer.response[:2], curves, atol=1e-3)
