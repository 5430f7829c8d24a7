"""Calibration of many pixels: which of them are used, and that it is said."""

import numpy as np
import pytest

from polytask.evaluation.judging import _checks
from polytask.evaluation.judging._checks import calibrations, classes_of
from polytask.statistics import Answers
from polytask.tasks import DenseNumbers, FittedTarget, Multiclass

SHAPE = {"shape": (40.0, 40.0), "center": (0.0,), "scale": (1.0,)}


def answers(truth, responses, target, kind):
    n = len(truth)
    return {"y": (Answers(truth, tuple(responses), np.ones(n), np.arange(n), target, kind),)}


def test_of_many_pixels_some_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = np.random.default_rng(0).normal(size=(30, 40, 40)).astype(np.float32)
    target = FittedTarget(("y",), learned=SHAPE)
    given = answers(truth, [truth + 0.1, truth + 0.1], target, DenseNumbers())
    whole = calibrations(given)["y"]
    assert (whole.intervals, whole.unit) == ("t, over rows", "labels")
    assert sum(whole.rows) == pytest.approx(truth.size, rel=1e-4)
    monkeypatch.setattr(_checks, "_MOST_LABELS", 12_000)
    some = calibrations(given)["y"]
    assert some.intervals == "t, over rows, of one in 3 pixels in height and width"
    assert sum(some.rows) == 30 * 14 * 14
    assert some.error == pytest.approx(whole.error, abs=1e-3)
    monkeypatch.setattr(_checks, "_MOST_LABELS", 1600)
    least = calibrations(given)["y"]
    assert least.intervals.endswith("of one in 5 pixels in height and width, and in 3 rows")
    assert sum(least.rows) == 10 * 8 * 8
    rare = np.full_like(truth, np.nan)
    rare[:, 20, 20] = truth[:, 20, 20]  # are all used
    assert sum(calibrations(answers(rare, [truth], target, DenseNumbers()))["y"].rows) == 30


def test_of_many_rows_some_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, target = np.arange(90) % 3 * 1.0, FittedTarget(("y",), ("a", "b", "c"))
    given = answers(truth, [np.full((90, 3), [0.5, 0.3, 0.2])], target, Multiclass())
    monkeypatch.setattr(_checks, "_MOST_NUMBERS", 100)
    assert calibrations(given)["y"].intervals == "Wilson, of one in 3 rows"
    assert sum(row.support for row in classes_of(given)["y"]) == 90
