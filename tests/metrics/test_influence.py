"""What each row adds to a metric, against finite differences of its weight."""

import numpy as np
import pytest
from hypothesis import given, settings
from metric_cases import PAIR_NAMES, PAIRS, SEEDS, make_case

from polytask.metrics import F1, RMSE, ROCAUC, AveragePrecision, Metric, MetricValue
from polytask.tasks import Binary, FittedTarget, Regression

every_pair = pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=PAIR_NAMES)


def defined_parts(metric, case, weight):
    for rows in metric.labelled(case.truth, case.response, case.fitted, weight).values():
        if not isinstance(rows, MetricValue) and metric.value(rows).defined:
            yield rows


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS)
def test_influence_is_the_derivative_by_the_weight(metric, kind, seed):
    case = make_case(kind, 25, seed, ties=True)
    weight = np.random.default_rng(seed).uniform(0.5, 2.0, 25)
    for rows in defined_parts(metric, case, weight):
        found = metric.influence(rows.truth, rows.response, rows.weight, rows.fitted)
        assert found.sum() == pytest.approx(0, abs=1e-10)
        for row in range(len(found)):
            step = np.zeros(len(found))
            step[row] = 1e-6 * rows.weight[row]
            high = metric.measure(rows.truth, rows.response, rows.weight + step, rows.fitted).value
            low = metric.measure(rows.truth, rows.response, rows.weight - step, rows.fitted).value
            assert found[row] == pytest.approx((high - low) / 2e-6, rel=1e-4, abs=1e-8)


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS)
def test_what_is_comparable_has_the_same_value(metric, kind, seed):
    case = make_case(kind, 25, seed, ties=True)
    for rows in defined_parts(metric, case, np.ones(25)):
        ranked = metric.comparable(rows.response)
        one = metric.measure(rows.truth, rows.response, rows.weight, rows.fitted).value
        other = metric.measure(rows.truth, ranked, rows.weight, rows.fitted).value
        assert other == pytest.approx(one, rel=1e-12)
        np.testing.assert_array_equal(metric.comparable(ranked), ranked)


def test_influence_of_a_perfect_response_is_nothing():
    truth, target = np.array([0.0, 1.0, 1.0]), FittedTarget(("y",), ("no", "yes"))
    for metric in (RMSE(), F1(), ROCAUC(), AveragePrecision()):
        influence = metric.influence(truth, truth, np.ones(3), target)
        np.testing.assert_array_equal(influence, np.zeros(3))


def test_middle_ranks_are_doubled_and_shared_by_ties():
    scores = np.array([0.3, 0.1, 0.3, 0.9])
    np.testing.assert_array_equal(ROCAUC().comparable(scores), [5.0, 2.0, 5.0, 8.0])


def test_whole_scores_are_counted_as_they_stand():
    truth, scores = np.array([0.0, 1.0, 1.0, 0.0]), np.array([3.0, 5.0, 3.0, 0.0])
    target = FittedTarget(("y",), ("no", "yes"))
    for metric in (ROCAUC(), AveragePrecision()):
        shifted = metric.score(truth, scores + 0.25, target)
        assert metric.score(truth, scores, target) == shifted
        assert metric.score(truth, scores * 1e12 - 7e11, target) == shifted


def test_metrics_of_ones_own_need_no_formula():
    class Own(Metric):
        name, label, kinds, greater_is_better = "own", "own", (Regression, Binary), False

        def measure(self, truth, response, weight, fitted):
            return MetricValue(float(abs(truth - response).max()))

    assert Own().influence(np.zeros(2), np.ones(2), np.ones(2), FittedTarget(("y",))) is None
    assert not Own().is_share
    assert ROCAUC().is_share
    assert not RMSE().is_share
