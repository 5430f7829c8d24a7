"""The revised regulariser: never negative, and its optimum in closed form."""

import math

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.weighting import RevisedUncertaintyWeighting

LOSSES, ALL = torch.tensor([0.01, 1.0, 50.0]), torch.tensor([True, True, True])


def optimal_variance(loss):
    """Root of 2 v² = ℓ (1 + v), where the derivative ℓ / (2 v) + log(1 + v) vanishes."""
    return (loss + math.sqrt(loss**2 + 8 * loss)) / 4


def test_it_settles_at_the_optimum():
    weighting = RevisedUncertaintyWeighting(learning_rate=0.05)
    weighting.start(3)
    for _ in range(1500):
        weighting.learn(LOSSES, ALL)
    best = [optimal_variance(loss) for loss in LOSSES.tolist()]
    assert weighting.log_variance_.exp().tolist() == pytest.approx(best, rel=1e-3)
    expected = [1 / (2 * variance) for variance in best]
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx(expected, rel=1e-3)


def test_its_steps_descend_the_scalar_of_the_paper():
    """Against autograd on ℓ / (2 c²) + log(1 + c²) with c = exp(s / 2)."""
    weighting = RevisedUncertaintyWeighting()
    s = torch.tensor([-3.0, 0.0, 4.0], dtype=torch.float64, requires_grad=True)
    c, losses = torch.exp(s / 2), LOSSES.double()
    scalar = (losses / (2 * c**2) + torch.log(1 + c**2)).sum()
    (wanted,) = torch.autograd.grad(scalar, s)
    torch.testing.assert_close(weighting._slopes(s.detach(), losses), wanted)


def test_the_scalar_is_never_negative():
    weighting = RevisedUncertaintyWeighting(learning_rate=1.0)
    for _ in range(300):
        weighting.learn(torch.zeros(3), ALL)
        assert float(weighting.scalarize(torch.zeros(3), ALL)) >= 0
    assert weighting.weights(torch.zeros(3), ALL).isfinite().all()


def test_momentum_does_not_move_an_absent_task():
    weighting = RevisedUncertaintyWeighting(learning_rate=0.1)
    weighting.learn(LOSSES, ALL)
    before = weighting.log_variance_.clone()
    weighting.learn(LOSSES, torch.tensor([True, False, False]))
    assert (weighting.log_variance_ != before).tolist() == [True, False, False]


def test_negative_losses_are_refused():
    with pytest.raises(ParameterError, match="of RevisedUncertaintyWeighting must be at least 0"):
        RevisedUncertaintyWeighting().weights(-LOSSES, ALL)
