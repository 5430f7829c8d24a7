"""Uncertainty weighting against LibMTL's, and at its optimum."""

import math

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.weighting import UncertaintyWeighting

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])

# LibMTL.weighting.UW in float64, its `loss_scale` set to 0 and trained by torch.optim.Adam with
# lr=0.1 on the losses [0.5, 2, 8] / (1 + step) for step = 0 … 9; the weights are the gradients of
# its `losses` after a last call of `backward` with [0.5, 2, 8].
LOG_VARIANCES = [-1.0077844633372683, -0.21646582128007485, 0.5659798941278448]
WEIGHTS = [1.3697623844327314, 0.6208403227867715, 0.28390174338285107]


def taught(**options):
    weighting = UncertaintyWeighting(**options)
    weighting.start(3)
    return weighting


def test_it_learns_as_libmtl_does():
    weighting = taught(learning_rate=0.1)
    for step in range(10):
        weighting.learn(LOSSES / (1 + step), ALL)
    assert weighting.log_variance_.tolist() == pytest.approx(LOG_VARIANCES, rel=1e-5)
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx(WEIGHTS, rel=1e-5)


def test_momentum_does_not_move_an_absent_task():
    weighting = taught(learning_rate=0.1)
    for _ in range(5):
        weighting.learn(LOSSES, ALL)
    before = weighting.log_variance_.clone()
    some = torch.tensor([False, True, True])
    weighting.learn(LOSSES * some, some)
    moved = (weighting.log_variance_ != before).tolist()
    assert moved == [False, True, True]


def test_the_scalar_falls_below_zero_as_the_likelihood_says():
    weighting = taught(learning_rate=0.05)
    small = torch.tensor([0.01, 0.1, 0.05])
    for _ in range(1500):
        weighting.learn(small, ALL)
    expected = sum(0.5 + 0.5 * math.log(value) for value in small.tolist())
    assert float(weighting.scalarize(small, ALL)) == pytest.approx(expected, abs=1e-3)
    assert expected < 0


def test_the_precision_has_no_practical_bound():
    weighting = taught(learning_rate=0.5)
    tiny = torch.tensor([1e-15, 1e-6, 1.0])
    for _ in range(3000):
        weighting.learn(tiny, ALL)
    assert weighting.weights(tiny, ALL).tolist() == pytest.approx([5e14, 5e5, 0.5], rel=0.2)


def test_zero_losses_stay_finite_for_ever():
    weighting = taught(learning_rate=5.0)
    for _ in range(200):
        weighting.learn(torch.zeros(3), ALL)
    assert weighting.weights(torch.zeros(3), ALL).isfinite().all()
    weighting.learn(LOSSES, ALL)
    assert weighting.log_variance_.isfinite().all()


def test_negative_losses_are_refused():
    message = r"The `losses` parameter of UncertaintyWeighting must be at least 0 for every task"
    for call in (taught().weights, taught().scalarize):
        with pytest.raises(ParameterError, match=message):
            call(torch.tensor([1.0, -1.0, 1.0]), ALL)


def test_it_starts_by_itself():
    weighting = UncertaintyWeighting()
    weighting.learn(LOSSES.double(), ALL)
    assert weighting.weights(LOSSES.double(), ALL).dtype == torch.float64
