"""The constant that every metric likes best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import METRICS, PAIR_NAMES, PAIRS, SEEDS, make_case

from polytask.metrics import MAE, RMSE, Accuracy, LogLoss, Metric, MetricValue
from polytask.tasks import (
    Binary,
    Count,
    DenseClasses,
    Distribution,
    FittedTarget,
    Multiclass,
    Ordinal,
    ProportionalSurvival,
    Quantile,
    Regression,
    StepNumbers,
    Survival,
)

BINARY = FittedTarget(("y",), ("no", "yes"))
NUMBER = FittedTarget(("y",))


def constant(metric, kind, truth, target, weight=None):
    """The metric's constant of a task of the kind."""
    weight = np.ones(len(truth)) if weight is None else weight
    return metric.constant(kind.mean_response(truth, target, weight), truth, weight, target)


def rivals(case, generator):
    """Other constants: quantiles of numbers; sure, even and random probabilities of classes."""
    (*steps, size) = case.kind.score_shape(case.fitted)
    if case.kind.form == "map":
        yield from rivals_of_pixels(case)
    elif isinstance(case.kind, StepNumbers):  # the same number at all of them
        levels = np.nanquantile(case.truth, np.linspace(0, 1, 9))
        yield from (np.full(tuple(steps), level) for level in levels)
    elif steps:  # the same tag at all of them
        yield from (np.tile(certain, (*steps, 1)) for certain in np.eye(size))
    elif isinstance(case.kind, Quantile):
        values = case.truth[np.isfinite(case.truth)]
        yield from np.sort(generator.choice(values, (20, size)), axis=1)
    elif isinstance(case.kind, Survival | ProportionalSurvival):
        yield from -np.sort(-generator.random((20, len(case.fitted.learned["cuts"]))), axis=1)
    elif isinstance(case.kind, Distribution):
        middles = np.nanquantile(case.truth, np.linspace(0, 1, 9))
        spread = np.nanstd(case.truth)
        yield from ([middle, spread * size] for middle in middles for size in (0.3, 0.9, 1.1, 3))
    elif not case.fitted.classes:
        levels = np.linspace(0, 1, 9)
        table = case.truth.reshape(len(case.truth), -1)
        if isinstance(case.kind, Count) and table.shape[1] == 2:
            table = table[:, :1] / table[:, 1:]
        yield from np.nanquantile(table, levels, axis=0)
    elif isinstance(case.kind, Multiclass | Ordinal):
        n_classes = len(case.fitted.classes)
        yield from np.eye(n_classes)
        yield np.full(n_classes, 1 / n_classes)
        yield from generator.dirichlet(np.ones(n_classes), 5)
    else:
        yield from (np.full(size, level) for level in (0.0, 0.3, 0.5, 0.7, 1.0))
        yield from generator.random((5, size))


def rivals_of_pixels(case):
    """The same class, or the same number, at all pixels."""
    channels, *size = case.kind.score_shape(case.fitted)
    if isinstance(case.kind, DenseClasses):
        yield from np.eye(channels)[:, :, None, None] * np.ones(size)
    else:
        levels = np.nanquantile(case.truth, np.linspace(0, 1, 9))
        yield from (np.full(case.truth.shape[1:], level) for level in levels)


OF_THE_KIND = {"mean_iou", "dense_relative_error", "within_factor"}
"""Metrics of pixels whose constant is that of the kind, which others may surpass."""
RANKING = [
    pytest.param(metric, kind, id=name)
    for (metric, kind), name in zip(PAIRS, PAIR_NAMES, strict=True)
    if metric.ranks_models and metric.name not in OF_THE_KIND
]


@pytest.mark.parametrize(("metric", "kind"), RANKING)
@settings(max_examples=6)
@given(seed=SEEDS, weighted=st.booleans())
def test_no_other_constant_scores_better(metric, kind, seed, weighted):
    case, generator = make_case(kind, 40, seed), np.random.default_rng(seed)
    weight = generator.exponential(size=40) if weighted else np.ones(40)
    kept = case.truth.copy()

    def score(constant):
        response = np.broadcast_to(constant.reshape(case.response.shape[1:]), case.response.shape)
        return metric.score(case.truth, response, case.fitted, weight)

    best = constant(metric, case.kind, case.truth, case.fitted, weight)
    assert best.shape == case.response.shape[1:]
    np.testing.assert_array_equal(case.truth, kept)
    reached = score(best)
    for rival in rivals(case, generator):
        other = score(np.asarray(rival))
        if reached.value is not None and other.value is not None:
            gain = other.value - reached.value
            assert (gain if metric.greater_is_better else -gain) <= 1e-9


def test_zero_weights_leave_rows_out_and_a_factor_changes_nothing():
    truth, weight = np.array([1.0, 2.0, 4.0, 90.0, np.nan]), np.array([1.0, 2.0, 1.0, 0.0, 5.0])
    for metric in METRICS:
        if Regression in metric.kinds:
            whole = constant(metric, Regression(), truth, NUMBER, weight)
            np.testing.assert_array_equal(
                whole, constant(metric, Regression(), truth[:3], NUMBER, weight[:3] * 2.0**-40)
            )


def test_by_hand():
    truth = np.array([0.0, 1.0, 1.0, np.nan])
    weight = np.array([2.0, 1.0, 1.0, 9.0])
    assert constant(RMSE(), Regression(), truth, NUMBER, weight) == 0.5
    assert constant(MAE(), Regression(), truth, NUMBER) == 1.0
    assert (
        constant(MAE(), Regression(), truth, NUMBER, weight) == 0.5
    )  # as good as any between 0 and 1
    assert constant(LogLoss(), Binary(), truth, BINARY) == pytest.approx(2 / 3)
    three = FittedTarget(("y",), ("a", "b", "c"))
    shares = constant(Accuracy(), Multiclass(), np.array([0, 2, 2, 1.0]), three)
    np.testing.assert_allclose(shares, [0.25, 0.25, 0.5])


def test_huge_numbers_do_not_overflow():
    truth = np.array([1.5e308, 1.7e308])
    for metric in (RMSE(), MAE()):
        assert constant(metric, Regression(), truth, NUMBER) == pytest.approx(1.6e308)


def test_metrics_of_ones_own_have_a_default():
    class Share(Metric):
        name, label, kinds, greater_is_better = "share", "share", (Regression,), True

        def measure(self, truth, response, weight, fitted):
            return MetricValue(float((abs(truth - response) < 1).mean()))

    assert constant(Share(), Regression(), np.array([1.0, 3.0]), NUMBER) == 2.0
