import numpy as np
import pytest

from polytask.exceptions import ParameterError
from polytask.metrics import (
    F1,
    NMSE,
    R2,
    RMSE,
    ROCAUC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    ExplainedVariance,
    LogLoss,
    MetricValue,
)
from polytask.tasks import FittedTarget

BINARY = FittedTarget(("bought",), (0, 1))
NUMBER = FittedTarget(("price",))
SEVERAL = FittedTarget(("cat", "dog", "emu"), (0, 1))
CLASSES = FittedTarget(("letter",), ("a", "b", "c"))
NEED_TWO_CLASSES = [ROCAUC(), AveragePrecision(), F1(), BalancedAccuracy()]
NEED_VARIANCE = [R2(), ExplainedVariance(), NMSE()]


@pytest.mark.parametrize("metric", NEED_TWO_CLASSES)
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_only_one_class(metric, label):
    truth = np.r_[np.full(12, label), np.nan]
    result = metric.score(truth, np.linspace(0, 1, 13), BINARY)
    assert result == MetricValue(None, "only one class among the 12 labelled rows")


def test_only_one_class_once_weights_are_counted():
    result = ROCAUC().score(np.array([0.0, 0.0, 1.0]), np.zeros(3), BINARY, np.array([1, 1, 0]))
    assert result.undefined == "only one class among the 2 labelled rows"


@pytest.mark.parametrize("metric", NEED_TWO_CLASSES + NEED_VARIANCE)
def test_only_one_row(metric):
    result = metric.score(np.array([1.0, np.nan]), np.array([0.5, 0.5]), BINARY)
    assert result == MetricValue(None, "only 1 labelled row")


@pytest.mark.parametrize("metric", [RMSE(), Accuracy(), LogLoss(), ROCAUC(), R2()])
def test_no_row(metric):
    for truth in (np.full(3, np.nan), np.zeros(0)):
        result = metric.score(truth, np.zeros(len(truth)), NUMBER)
        assert result == MetricValue(None, "no labelled rows")
    result = metric.score(np.ones(3), np.zeros(3), NUMBER, np.zeros(3))
    assert result == MetricValue(None, "no labelled rows")


@pytest.mark.parametrize("metric", NEED_VARIANCE)
def test_constant_truth(metric):
    result = metric.score(np.full(4, 2.5), np.arange(4.0), NUMBER)
    assert result == MetricValue(None, "the truth is 2.5 in all 4 labelled rows")
    # Rounding must not make a variance out of nothing.
    assert metric.score(np.full(7, 0.1), np.arange(7.0), NUMBER).value is None


def test_undefined_columns_are_left_out_by_name():
    truth = np.array([[0, 0, np.nan], [1, 0, np.nan], [1, 0, np.nan]], dtype=float)
    result = ROCAUC().score(truth, np.array([[0.1, 0.5, 0.5]] * 2 + [[0.3, 0.2, 0.5]]), SEVERAL)
    assert result.value == 0.75
    assert result.undefined is None
    assert result.left_out == (
        "column 'dog': only one class among the 3 labelled rows",
        "column 'emu': no labelled rows",
    )


def test_all_columns_undefined():
    same = ROCAUC().score(np.zeros((4, 3)), np.zeros((4, 3)), SEVERAL)
    assert same == MetricValue(None, "only one class among the 4 labelled rows")
    truth = np.zeros((4, 3))
    truth[:, 2] = np.nan
    mixed = ROCAUC().score(truth, np.zeros((4, 3)), SEVERAL)
    assert mixed.undefined == (
        "column 'cat': only one class among the 4 labelled rows; "
        "column 'dog': only one class among the 4 labelled rows; "
        "column 'emu': no labelled rows"
    )


def test_classes_that_do_not_occur():
    truth = np.array([0.0, 0.0, 1.0, 1.0])
    response = np.array([[0.6, 0.3, 0.1], [0.2, 0.1, 0.7], [0.3, 0.4, 0.3], [0.1, 0.8, 0.1]])
    area = ROCAUC().score(truth, response, CLASSES)
    assert area.value == pytest.approx((0.75 + 1.0) / 2)
    assert area.left_out == ("class 'c': only one class among the 4 labelled rows",)
    assert BalancedAccuracy().score(truth, response, CLASSES).value == 0.75
    assert F1().score(truth, response, CLASSES).value == pytest.approx((2 / 3 + 1) / 2)


def test_an_infinite_loss_cannot_happen():
    wrong = LogLoss().score(np.array([1.0, 0.0]), np.array([0.0, 1.0]), BINARY)
    assert wrong.value == pytest.approx(36.04, abs=0.01)


def test_a_variance_too_small_to_divide_by():
    truth = np.array([0.0, 1e-200])
    for metric in NEED_VARIANCE:
        result = metric.score(truth, np.array([1.0, 2.0]), NUMBER)
        assert result == MetricValue(None, "the value over 2 labelled rows is not finite")


def test_overflow_is_said():
    result = RMSE().score(np.array([1e200]), np.array([-1e200]), NUMBER)
    assert result == MetricValue(None, "the value over 1 labelled rows is not finite")


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((np.zeros(3), np.zeros(2), BINARY), r"must be an array of 3 rows.*Got \(2,\) instead"),
        ((np.zeros((3, 3)), np.zeros((3, 2)), SEVERAL), r"must be of shape \(3, 3\)"),
        ((np.zeros(3), np.zeros(3), BINARY, np.ones(4)), "`weight`.*an array of 3 values"),
        ((np.zeros(3), np.zeros(3), BINARY, -np.ones(3)), "finite and at least 0"),
        ((np.zeros(3), np.zeros(3), BINARY, np.full(3, np.nan)), "finite and at least 0"),
        ((np.zeros(3), np.zeros(3), BINARY, np.full(3, np.inf)), "finite and at least 0"),
    ],
)
def test_shapes_that_disagree(arguments, said):
    with pytest.raises(ParameterError, match=said):
        Accuracy().score(*arguments)
