"""Rows of a class that training never saw: code 3 of the classes 0, 1, 2."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from polytask.metrics import F1, ROCAUC, Accuracy, BalancedAccuracy, Brier, LogLoss
from polytask.tasks import FittedTarget

CLASSES = FittedTarget(("letter",), ("a", "b", "c"))
TRUTH = np.array([0.0, 1.0, 2.0, 3.0, 3.0, np.nan])
RESPONSE = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.1, 0.6, 0.3],
        [0.5, 0.2, 0.3],
        [0.2, 0.2, 0.6],
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
    ]
)
DECIDED = RESPONSE.argmax(axis=1)


def value(metric):
    return metric.score(TRUTH, RESPONSE, CLASSES).value


def test_decisions_are_wrong():
    assert value(Accuracy()) == pytest.approx(2 / 5)
    assert value(BalancedAccuracy()) == pytest.approx(
        balanced_accuracy_score(TRUTH[:5], DECIDED[:5])
    )
    wanted = f1_score(TRUTH[:5], DECIDED[:5], average="macro", labels=[0, 1, 2, 3])
    assert value(F1()) == pytest.approx(wanted)


def test_the_true_class_had_no_probability():
    known = np.log([0.7, 0.6, 0.3]).sum()
    assert value(LogLoss()) == pytest.approx((2 * -np.log(np.finfo(float).eps) - known) / 5)
    squares = np.square([[0.3, 0.2, 0.1], [0.1, 0.4, 0.3], [0.5, 0.2, 0.7], [0.2, 0.2, 0.6]]).sum()
    assert value(Brier()) == pytest.approx((squares + 1 + 2) / 5)


def test_they_are_among_the_rest_of_every_class():
    scores = RESPONSE[:5, 0]
    others = scores[1:]
    wanted = np.mean((scores[0] > others) + 0.5 * (scores[0] == others))
    only = FittedTarget(("letter",), ("a",))
    assert ROCAUC().score(TRUTH, RESPONSE, only).value == pytest.approx(wanted)
