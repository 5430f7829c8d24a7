"""IMTL-L against LibMTL's loss balance, and at its optimum."""

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.weighting import IMTLL

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])

# The loss balance of LibMTL.weighting.IMTL in float64: the losses that it passes to `_get_grads`,
# summed, and its `loss_scale` trained on them by torch.optim.Adam with lr=0.1, from the losses
# [0.5, 2, 8] / (1 + step) for step = 0 … 9; the weights are the gradients at [0.5, 2, 8] then.
LOG_SCALES = [1.0077844774950793, 0.21646582561521982, -0.5659798954502924]
WEIGHTS = [2.739524807651137, 1.2416806509564084, 0.5678034860148118]


def test_it_learns_as_libmtl_does():
    weighting = IMTLL(learning_rate=0.1)
    weighting.start(3)
    for step in range(10):
        weighting.learn(LOSSES / (1 + step), ALL)
    assert weighting.log_scale_.tolist() == pytest.approx(LOG_SCALES, rel=1e-5)
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx(WEIGHTS, rel=1e-5)


def test_it_brings_every_weighted_loss_to_one():
    weighting = IMTLL(learning_rate=0.2)
    losses = torch.tensor([1e-12, 1.0, 1e2])
    for _ in range(3000):
        weighting.learn(losses, ALL)
    assert (weighting.weights(losses, ALL) * losses).tolist() == pytest.approx([1.0] * 3, rel=0.1)


def test_momentum_does_not_move_an_absent_task():
    weighting = IMTLL(learning_rate=0.1)
    weighting.learn(LOSSES, ALL)
    before = weighting.log_scale_.clone()
    weighting.learn(LOSSES, torch.tensor([True, True, False]))
    assert (weighting.log_scale_ != before).tolist() == [True, True, False]


def test_zero_losses_stay_finite_and_negative_ones_are_refused():
    weighting = IMTLL(learning_rate=5.0)
    for _ in range(100):
        weighting.learn(torch.zeros(3), ALL)
    assert weighting.weights(torch.zeros(3), ALL).isfinite().all()
    with pytest.raises(ParameterError, match="of IMTLL must be at least 0"):
        weighting.weights(-LOSSES, ALL)
