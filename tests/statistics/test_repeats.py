"""Metrics of changed predictions, and what each row adds to a metric."""

import numpy as np
import pytest
from scipy.stats import t as student

from polytask.metrics import MAE, RMSE, ROCAUC, LogLoss
from polytask.statistics import (
    Answers,
    Paired,
    mean_of_units,
    paired_repeats,
    row_values,
    with_training_rows,
)
from polytask.tasks import Binary, FittedTarget, Regression

DRAW = np.random.default_rng(0)
N = 60
NUMBERS = DRAW.normal(size=N)
YES = (DRAW.random(N) > 0.4).astype(float)
WEIGHT = DRAW.uniform(0.5, 1.5, N)


def numbers(*errors, units=None):
    responses = tuple(NUMBERS + error for error in errors)
    units = np.arange(N) if units is None else units
    return Answers(NUMBERS, responses, WEIGHT, units, FittedTarget(("y",)), Regression())


def classes(*scores):
    target = FittedTarget(("y",), ("no", "yes"))
    return Answers(YES, scores, WEIGHT, np.arange(N), target, Binary())


@pytest.mark.parametrize("metric", [MAE(), RMSE()])
def test_the_difference_is_that_of_the_metric_to_its_mean_over_repeats(metric):
    own = numbers(*DRAW.normal(size=(2, N)))
    repeats = [numbers(*DRAW.normal(scale=2, size=(2, N))) for _ in range(3)]

    def value(answers, run):
        return metric.score(NUMBERS, answers.responses[run], answers.target, WEIGHT).value

    by_run = [value(own, s) - np.mean([value(one, s) for one in repeats]) for s in range(2)]
    result = paired_repeats(metric, own, repeats)
    assert np.allclose(result.per_run, by_run)
    assert result.interval[0] < result.value < result.interval[1]
    assert result.value == pytest.approx(np.mean(by_run))


def test_repeats_of_one_run_are_no_runs_of_their_own():
    own = numbers(DRAW.normal(size=N))
    repeat = numbers(DRAW.normal(scale=2, size=N))
    one, many = (paired_repeats(MAE(), own, [repeat] * n) for n in (1, 20))
    assert many.standard_error == pytest.approx(one.standard_error)


@pytest.mark.parametrize(
    ("metric", "answers"),
    [
        (MAE(), numbers(DRAW.normal(size=N))),
        (RMSE(), numbers(DRAW.normal(size=N))),
        (ROCAUC(), classes(DRAW.random(N))),
        (LogLoss(), classes(DRAW.uniform(0.1, 0.9, N))),
    ],
)
def test_the_weighted_mean_of_row_values_is_the_metric(metric, answers):
    value = metric.score(answers.truth, answers.responses[0], answers.target, WEIGHT).value
    assert np.average(row_values(metric, answers), weights=WEIGHT) == pytest.approx(value)


def test_row_values_of_a_mean_are_the_rows_own_losses():
    errors = DRAW.normal(size=N)
    assert np.allclose(row_values(MAE(), numbers(errors)), np.abs(errors))


def test_the_mean_over_units_counts_groups_once():
    values = np.repeat(DRAW.normal(size=(1, 10)), 6, axis=1)
    by_row, by_group = (
        mean_of_units(values, units) for units in (np.arange(60), np.repeat(np.arange(10), 6))
    )
    assert by_row.value == pytest.approx(values.mean())
    assert np.ptp(by_group.interval) > np.ptp(by_row.interval)


def simulated(draw, factor, n_runs=3, n_repeats=2):
    """Predictions whose errors are larger by a factor where something changed; runs differ in quality."""
    quality = 1 + 0.1 * draw.normal(size=n_runs)
    truth = np.zeros(N)
    target, units = FittedTarget(("y",)), np.arange(N)

    def answers(scale):
        errors = tuple(scale * abs(q) * draw.normal(size=N) for q in quality)
        return Answers(truth, errors, np.ones(N), units, target, Regression())

    return paired_repeats(MAE(), answers(1.0), [answers(factor) for _ in range(n_repeats)])


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_intervals_hold_the_expected_difference_in_95_of_100_simulated_data_sets_or_more(factor):
    draw = np.random.default_rng(1)
    results = [simulated(draw, factor) for _ in range(400)]
    expected = np.sqrt(2 / np.pi) * (1 - factor)
    held = np.mean([one.interval[0] <= expected <= one.interval[1] for one in results])
    assert held >= 0.93
    rejected = np.mean([one.p <= 0.05 for one in results])
    assert rejected <= 0.08 if factor == 1 else rejected > 0.9


def test_training_rows_widen_the_interval_alone_by_the_jackknife_over_folds():
    measured = Paired(2.0, (1.8, 2.2), p=0.01, standard_error=0.1, degrees=1e9)
    by_round = [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]
    result = with_training_rows(measured, by_round)
    training = np.sqrt(np.mean([2 / 3 * 2.0, 0.0]))
    degrees = (0.1**2 + training**2) ** 2 / (training**4 / 4)
    half = student.ppf(0.975, degrees) * (0.1 + training)
    assert result.interval == pytest.approx((2.0 - half, 2.0 + half))
    assert (result.p, result.standard_error) == (0.01, 0.1)
    assert with_training_rows(measured, [[1.0, 1.0]]).interval == pytest.approx(
        (2.0 - 0.196, 2.0 + 0.196), abs=1e-3
    )


def cross_validated(draw, n_rows=60, folds=3):
    """Importance of a column by shuffling it, of least squares, with the values of every fold's model."""
    inputs = draw.normal(size=(n_rows, 4))
    truth = inputs[:, 0] + draw.normal(size=n_rows)
    intact, shuffled = np.zeros(n_rows), np.zeros(n_rows)
    order = draw.permutation(n_rows)
    by_fold, cells = [], draw.permutation(inputs[:, 0]) - inputs[:, 0]
    for rows in np.array_split(order, folds):
        kept = np.setdiff1d(order, rows)
        coef = np.linalg.lstsq(inputs[kept], truth[kept], rcond=None)[0]
        intact[rows] = inputs[rows] @ coef
        change = draw.permutation(inputs[rows, 0]) - inputs[rows, 0]
        shuffled[rows] = intact[rows] + change * coef[0]
        errors = np.abs(truth - inputs @ coef), np.abs(truth - inputs @ coef - cells * coef[0])
        by_fold.append(errors[0].mean() - errors[1].mean())
    target, ones = FittedTarget(("y",)), np.ones(n_rows)
    own, changed = (
        Answers(truth, (response,), ones, np.arange(n_rows), target, Regression())
        for response in (intact, shuffled)
    )
    measured = paired_repeats(MAE(), own, [changed])
    return measured, with_training_rows(measured, [by_fold])


@pytest.mark.slow
def test_intervals_with_training_rows_hold_the_mean_over_simulated_data_sets_in_about_95_of_100():
    draw = np.random.default_rng(0)
    narrow, wide = zip(*[cross_validated(draw) for _ in range(500)], strict=True)
    mean = np.mean([one.value for one in wide])
    held = [
        np.mean([a.interval[0] <= mean <= a.interval[1] for a in own]) for own in (narrow, wide)
    ]
    assert held[0] < 0.88
    assert 0.93 <= held[1] <= 0.985
