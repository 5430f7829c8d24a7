"""Metrics of changed predictions, and what each row adds to a metric."""

import numpy as np
import pytest

from polytask.metrics import MAE, RMSE, ROCAUC, LogLoss
from polytask.statistics import Answers, mean_of_units, paired_repeats, row_values
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
