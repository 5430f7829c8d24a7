import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import METRICS

from polytask.metrics import R2, RMSE, ROCAUC, Accuracy, MetricValue, delta_m, relative_gain

POSITIVE = st.floats(1e-6, 1e6)
ONES_OWN = {"a": RMSE(), "b": ROCAUC(), "c": Accuracy()}


def values(**numbers):
    return {task: MetricValue(number) for task, number in numbers.items()}


def test_the_literatures_form():
    # Errors fall by a tenth, an area rises by a tenth, accuracy falls by a half.
    gain = delta_m(values(a=0.9, b=0.88, c=0.4), values(a=1.0, b=0.8, c=0.8), ONES_OWN)
    assert gain.value == pytest.approx((0.1 + 0.1 - 0.5) / 3)
    assert gain.tasks == ("a", "b", "c")
    assert gain.left_out == {}


@given(baseline=POSITIVE, change=st.floats(-0.9, 0.9))
def test_sign_and_size(baseline, change):
    for metric in METRICS:
        sign = 1 if metric.greater_is_better else -1
        gain = relative_gain(baseline * (1 + change), baseline, metric)
        assert gain == pytest.approx(sign * change, abs=1e-9)


@given(scale=POSITIVE)
def test_units_mean_nothing(scale):
    one = relative_gain(3.0, 4.0, RMSE())
    assert relative_gain(3.0 * scale, 4.0 * scale, RMSE()) == pytest.approx(one)


def test_arrays_and_a_baseline_of_zero():
    gains = relative_gain(np.array([1.0, 1.0, np.nan]), np.array([2.0, 0.0, 1.0]), RMSE())
    np.testing.assert_array_equal(gains, [0.5, np.nan, np.nan])
    assert np.isnan(relative_gain(1.0, 0.0, RMSE()))


def test_left_out_tasks_are_named_with_their_reason():
    one_class = MetricValue(None, "only one class among the 12 labelled rows")
    ours = {"a": MetricValue(0.5), "b": one_class, "c": MetricValue(0.5), "d": MetricValue(0.5)}
    theirs = {"a": MetricValue(1.0), "b": MetricValue(0.5), "c": one_class, "e": MetricValue(1.0)}
    metrics = dict.fromkeys("ade", RMSE()) | {"b": ROCAUC(), "c": ROCAUC()}
    gain = delta_m(ours, theirs, metrics)
    assert gain.value == 0.5
    assert gain.tasks == ("a",)
    assert gain.left_out == {
        "b": "ROC-AUC: only one class among the 12 labelled rows",
        "c": "ROC-AUC of the baseline: only one class among the 12 labelled rows",
        "d": "RMSE of the baseline: not measured",
        "e": "RMSE: not measured",
    }


def test_no_relative_change_of_what_crosses_zero_or_starts_there():
    gain = delta_m(values(a=0.5, b=0.1), values(a=0.4, b=0.0), {"a": R2(), "b": RMSE()})
    assert gain.value is None
    assert gain.tasks == ()
    assert gain.left_out == {
        "a": "R² can cross zero, so that its relative change means nothing",
        "b": "RMSE of the baseline is 0, which has no relative change",
    }


def test_nothing_to_compare():
    assert delta_m({}, {}, {}).value is None
