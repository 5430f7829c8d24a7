"""Targets of extreme size are learned as any others, or refused in a sentence."""

import numpy as np
import pytest

import polytask
from polytask.bookkeeping import Budget
from polytask.exceptions import DataError
from polytask.tasks import Regression, Task

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=120)
Y = X + 0.3 * DRAW.normal(size=120)
LEARNERS = [
    "constant",
    "linear",
    "pooled_linear",
    "gradient_boosting",
    "hard_sharing",
    "single_task",
]


def read(scale, shift=0.0):
    table = {"x": X, "a": Y * scale + shift, "b": Y}
    return polytask.read(table, [Task("a", "regression"), Task("b", "regression")])


def responses(learner, scale):
    data = read(scale)
    found = polytask.fit(data, learner, seed=0, budget=Budget(steps=30)).predict(data)["a"].response
    assert np.isfinite(found).all()
    return found / scale


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("scale", [1e74, 1e30, 1e-30, 1e-74])
def test_extreme_targets_are_learned_like_others(learner, scale):
    found, expected = responses(learner, scale), responses(learner, 1.0)
    assert np.abs(found - expected).max() < 0.1


@pytest.mark.parametrize("scale", [1e74, 1e-74])
def test_extreme_targets_are_compared_like_others(scale):
    found = polytask.compare(
        read(scale), ["hard_sharing", "linear"], seeds=1, budget=Budget(steps=20), quiet=True
    )
    for row in found.learners:
        value = row.tasks["a"]["rmse"].value
        assert 0.1 < value / scale < 2.0


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [
        (
            1e200,
            r"Task 'a': column 'a' holds 2\.\d+e\+200, and powers of that leave the range .*Div",
        ),
        (-1e300, r"column 'a' holds 2\.\d+e\+300"),
        (1e76, r"column 'a' holds 2\.\d+e\+76"),
        (1e-300, r"column 'a' holds differences below \d\.\d+e-300, .*Multiply it by a constant"),
        (1e-76, r"holds differences below"),
    ],
)
def test_scales_that_are_refused(scale, sentence):
    with pytest.raises(DataError, match=sentence):
        read(scale)


def test_a_constant_target_may_be_tiny():
    fitted = Regression().fit("a", {"a": np.full(5, 1e-300)})
    assert fitted.learned["scale"] == (1.0,)


def test_values_far_from_the_training_rows_stay_labels():
    fitted = Regression().fit("a", {"a": np.array([0.0, 1e-60])})
    (code,) = Regression().encode([np.array([1e60])], fitted).ravel()
    assert code == pytest.approx(1e15)
