"""Precision, recall and F1 per class equal scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from polytask.metrics import MeanIoU, _class_rows, class_rows
from polytask.tasks import (
    Binary,
    DenseClasses,
    FittedTarget,
    Multiclass,
    Multilabel,
    Ordinal,
    Tokens,
)

RNG = np.random.default_rng(0)
TARGET = FittedTarget(("y",), ("a", "b", "c"))


def probabilities(*shape):
    p = RNG.random(shape)
    return p / p.sum(axis=-1, keepdims=True)


def check(rows, truth, decided, labels, weight=None):
    reference = precision_recall_fscore_support(
        truth, decided, labels=labels, sample_weight=weight, zero_division=0
    )
    for row, *wanted in zip(rows, *reference[:3], strict=True):
        found = [0.0 if each is None else each for each in (row.precision, row.recall, row.f1)]
        assert found == pytest.approx(wanted, abs=1e-4)


def test_exclusive_classes():
    truth, p, weight = RNG.integers(0, 3, 60) * 1.0, probabilities(60, 3), RNG.uniform(1, 2, 60)
    rows = class_rows(Multiclass(), [(truth, p, TARGET, weight)])
    assert [row.name for row in rows] == ["a", "b", "c"]
    check(rows, truth, p.argmax(axis=1), [0, 1, 2], weight)
    assert rows[0].support == pytest.approx(weight[truth == 0].sum(), abs=0.06)


def test_labels_that_are_missing_or_unknown():
    truth, p = np.array([0.0, 1.0, np.nan, 3.0]), np.eye(3)[[0, 2, 1, 0]]
    first, second, third = class_rows(Multiclass(), [(truth, p, TARGET, np.ones(4))])
    assert (first.precision, first.recall, first.support) == (0.5, 1.0, 1.0)
    assert (second.precision, second.recall) == (None, 0.0)
    assert (third.precision, third.recall, third.f1) == (0.0, None, 0.0)


def test_grades_are_decided_by_the_median():
    truth, p = RNG.integers(0, 3, 60) * 1.0, probabilities(60, 3)
    decided = (p.cumsum(axis=1) < 0.5).sum(axis=1)
    rows = class_rows(Ordinal(("a", "b", "c")), [(truth, p, TARGET, np.ones(60))])
    check(rows, truth, decided, [0, 1, 2])


def test_columns_of_yes_or_no_and_thresholds():
    truth, p = RNG.integers(0, 2, (50, 2)) * 1.0, RNG.random((50, 2))
    target = FittedTarget(("y", "z"), (0, 1), {"threshold": (0.3, 0.6)})
    rows = class_rows(Multilabel(), [(truth, p, target, np.ones(50))])
    assert [row.name for row in rows] == ["y", "z"]
    check(rows, truth, p > [0.3, 0.6], None)
    target = FittedTarget(("y",), ("no", "yes"), {"threshold": (0.3,)})
    rows = class_rows(Binary(), [(truth[:, 0], p[:, 0], target, np.ones(50))])
    check(rows, truth[:, 0], p[:, 0] > 0.3, [0, 1])


def test_steps_and_several_parts():
    truth, p = RNG.integers(0, 3, (20, 4)) * 1.0, probabilities(20, 4, 3)
    truth[RNG.random((20, 4)) < 0.4] = np.nan
    parts = [(truth[:8], p[:8], TARGET, np.ones(8)), (truth[8:], p[8:], TARGET, np.ones(12))]
    seen = np.isfinite(truth)
    rows = class_rows(Tokens(), parts)
    check(rows, truth[seen], p.argmax(axis=-1)[seen], [0, 1, 2])


def test_pixels_have_intersection_over_union(monkeypatch):
    target = FittedTarget(("y",), (0, 1, 7, 9), {"shape": (3.0, 5.0)})
    truth, p = RNG.integers(0, 2, (20, 3, 5)) * 1.0, probabilities(20, 3, 5, 4)
    p[..., 3] = 0.0  # which occurs nowhere either
    p = np.moveaxis(p, -1, 1)
    truth[RNG.random(truth.shape) < 0.3] = np.nan  # not labelled, or ignored
    truth[0, 0, 0] = 4.0  # a class that training did not have
    weight = RNG.uniform(1, 2, 20)
    rows = class_rows(DenseClasses(), [(truth, p, target, weight)])
    seen = np.isfinite(truth)
    pixel_weight = np.broadcast_to(weight[:, None, None], truth.shape)[seen]
    own, decided = truth[seen], p.argmax(axis=1)[seen]
    check(rows, own, decided, [0, 1, 2, 3], pixel_weight)
    for row, code in zip(rows[:3], (0, 1, 2), strict=True):
        both = pixel_weight[(own == code) & (decided == code)].sum()
        either = pixel_weight[(own == code) | (decided == code)].sum()
        assert row.iou == pytest.approx(both / either, abs=1e-4)
    assert rows[3].name == "9"
    assert (rows[3].iou, rows[3].precision, rows[3].recall, rows[3].f1) == (None,) * 4
    mean = MeanIoU().score(truth, p, target, weight).value
    assert mean == pytest.approx(np.mean([row.iou for row in rows[:3]]), abs=1e-4)
    monkeypatch.setattr(_class_rows, "_MOST_CELLS", 100)  # one row at once
    assert class_rows(DenseClasses(), [(truth, p, target, weight)]) == rows
    labels = Multiclass(), [(np.array([0.0, 1.0]), np.eye(2), target, np.ones(2))]
    assert class_rows(*labels)[0].iou is None
