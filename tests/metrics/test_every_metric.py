"""What holds for each metric, from the day it is exported."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import METRICS, PAIR_NAMES, PAIRS, SEEDS, SIZES, make_case

from polytask._naming import fold, resolve
from polytask._recipes import from_json, to_json
from polytask.metrics import Metric, MetricValue

every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
every_pair = pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=PAIR_NAMES)
BEYOND_CHANCE = {"quadratic_kappa", "mcc"}
"""A decision that is mended may lower the agreement by chance, and with it the one beyond chance."""


def same(one: MetricValue, other: MetricValue):
    assert one.undefined == other.undefined
    assert one.left_out == other.left_out
    if one.value is not None:
        assert one.value == pytest.approx(other.value, rel=1e-9, abs=1e-12)


@every_metric
def test_declarations(metric):
    assert metric.name == metric.name.lower()
    assert fold(metric.name) == fold(type(metric).__name__)
    assert resolve(metric.name, "polytask.metrics", "metric", Metric) is type(metric)
    assert set(metric.default_for) <= set(metric.kinds)
    assert metric.no_headline is None or not metric.default_for
    assert from_json(json.loads(json.dumps(to_json(metric)))) == metric


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES, ties=st.booleans())
def test_a_value_or_a_reason(metric, kind, seed, n_rows, ties):
    case = make_case(kind, n_rows, seed, ties=ties)
    result = metric.score(case.truth, case.response, case.fitted)
    assert (result.value is None) == (result.undefined is not None)
    assert result.defined == (result.value is not None)
    if result.value is not None:
        assert np.isfinite(result.value)
        assert result.value >= 0 or not metric.positive_scale
        assert isinstance(result.value, float)


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES)
def test_rows_may_come_in_any_order(metric, kind, seed, n_rows):
    case = make_case(kind, n_rows, seed)
    shuffled = case.rows(np.random.default_rng(seed).permutation(n_rows))
    same(
        metric.score(case.truth, case.response, case.fitted),
        metric.score(shuffled.truth, shuffled.response, shuffled.fitted),
    )


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES)
def test_unlabelled_rows_count_for_nothing(metric, kind, seed, n_rows):
    case = make_case(kind, n_rows, seed)
    kept = case.rows(case.labelled)
    wild = np.where(np.isfinite(case.truth).reshape(n_rows, -1).all(axis=1), 1.0, np.nan)
    response = (case.response.T * wild).T if case.truth.ndim == 1 else case.response
    same(
        metric.score(case.truth, response, case.fitted),
        metric.score(kept.truth, kept.response, kept.fitted),
    )


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES)
def test_whole_weights_are_repeated_rows(metric, kind, seed, n_rows):
    case = make_case(kind, n_rows, seed, ties=True)
    times = np.random.default_rng(seed).integers(0, 4, n_rows)
    repeated = case.rows(np.repeat(np.arange(n_rows), times))
    weighted = metric.score(case.truth, case.response, case.fitted, times)
    unrolled = metric.score(repeated.truth, repeated.response, repeated.fitted)
    if unrolled.value is None:
        assert weighted.value is None
    else:
        assert weighted.value == pytest.approx(unrolled.value, rel=1e-9, abs=1e-12)


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES, scale=st.floats(1e-300, 1e300))
def test_the_scale_of_weights_means_nothing(metric, kind, seed, n_rows, scale):
    case = make_case(kind, n_rows, seed)
    weight = np.random.default_rng(seed).random(n_rows)
    same(
        metric.score(case.truth, case.response, case.fitted, weight),
        metric.score(case.truth, case.response, case.fitted, weight * scale),
    )


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES)
def test_a_perfect_response_scores_best(metric, kind, seed, n_rows):
    case = make_case(kind, n_rows, seed)
    best = metric.score(case.truth, case.perfect, case.fitted)
    if best.value is not None and metric.ranks_models and metric.best is not None:
        assert best.value == pytest.approx(1.0 if metric.greater_is_better else 0.0, abs=1e-12)


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES, better=st.floats(0.0, 1.0))
def test_a_better_response_does_not_score_worse(metric, kind, seed, n_rows, better):
    case = make_case(kind, n_rows, seed)
    nearer = case.response + better * (case.perfect - case.response)
    one = metric.score(case.truth, case.response, case.fitted)
    other = metric.score(case.truth, nearer, case.fitted)
    assert one.undefined == other.undefined
    ranks = metric.ranks_models and metric.name not in BEYOND_CHANCE
    if ranks and one.value is not None:
        gain = other.value - one.value
        assert (gain if metric.greater_is_better else -gain) >= -1e-12


@every_pair
def test_inputs_stay_as_they_were(metric, kind):
    case = make_case(kind, 30, 0)
    arrays = case.truth, case.response, np.arange(30.0)
    before = [array.copy() for array in arrays]
    metric.score(case.truth, case.response, case.fitted, arrays[2])
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_pair
def test_single_precision_responses(metric, kind):
    case = make_case(kind, 30, 0)
    double = metric.score(case.truth, case.response, case.fitted)
    single = metric.score(case.truth, case.response.astype(np.float32), case.fitted)
    assert single.value == pytest.approx(double.value, rel=1e-5)


@every_pair
def test_a_prediction_that_is_not_finite_is_said(metric, kind):
    case = make_case(kind, 30, 0)
    response = case.response.copy()
    response[case.labelled.argmax()] = np.nan
    result = metric.score(case.truth, response, case.fitted)
    said = result.undefined or " ".join(result.left_out)
    assert "the prediction is not finite in 1 of the" in said


@every_pair
@settings(max_examples=15)
@given(seed=SEEDS, n_rows=SIZES)
def test_nothing_is_better_than_the_best(metric, kind, seed, n_rows):
    case = make_case(kind, n_rows, seed)
    value = metric.score(case.truth, case.response, case.fitted).value
    if value is not None and metric.best is not None:
        assert value <= metric.best if metric.greater_is_better else value >= metric.best
