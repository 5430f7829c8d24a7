"""The geometric mean against LibMTL's, with focus, absent tasks and zeros."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.exceptions import ParameterError
from polytask.weighting import GeometricLoss

LOSSES, ALL = torch.tensor([0.3, 2.0, 7.0], dtype=torch.float64), torch.tensor([True, True, True])

# Gradients of the losses [0.3, 2, 7] in float64 after LibMTL.weighting.GLS.backward. The weights
# that it returns, losses / (3 * losses.prod()), are not its gradients, and are not followed.
LIBMTL = [1.7926984955828262, 0.26890477433742394, 0.07682993552497826]


def test_it_weighs_as_libmtl_does():
    assert GeometricLoss().weights(LOSSES, ALL).tolist() == pytest.approx(LIBMTL, rel=1e-12)


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=4))
def test_one_degree_of_the_losses_spread_evenly(values):
    """Euler: Σ wₖ ℓₖ = φ, and every task's part is the same."""
    losses = torch.tensor(values, dtype=torch.float64)
    present = torch.ones(len(values), dtype=torch.bool)
    parts = GeometricLoss().weights(losses, present) * losses
    mean = math.exp(sum(map(math.log, values)) / len(values))
    torch.testing.assert_close(parts, torch.full_like(parts, mean / len(values)))


def test_focus_multiplies_by_the_mean_of_the_focused():
    scalar = GeometricLoss(focus=(0, 2)).scalarize(LOSSES, ALL)
    expected = (0.3 * 2 * 7) ** (1 / 3) * (0.3 * 7) ** (1 / 2)
    assert float(scalar) == pytest.approx(expected)


def test_the_mean_is_that_of_the_tasks_present():
    present = torch.tensor([True, True, False])
    assert float(GeometricLoss().scalarize(LOSSES, present)) == pytest.approx(math.sqrt(0.6))
    focused = GeometricLoss(focus=(2,))
    assert float(focused.scalarize(LOSSES, present)) == pytest.approx(math.sqrt(0.6))
    focused = GeometricLoss(focus=(1, 2))
    assert float(focused.scalarize(LOSSES, present)) == pytest.approx(math.sqrt(0.6) * 2)


def test_many_tasks_neither_overflow_nor_vanish():
    present = torch.ones(50, dtype=torch.bool)
    for scale in (1e-15, 1e15):
        losses = torch.full((50,), scale)
        assert float(GeometricLoss().scalarize(losses, present)) == pytest.approx(scale, rel=1e-4)


def test_a_loss_of_zero_weighs_nothing():
    losses = torch.tensor([0.0, 2.0, 4.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(GeometricLoss().scalarize(losses, ALL), losses)
    weights = GeometricLoss().weights(losses, ALL)
    torch.testing.assert_close(weights, gradient)
    assert weights.isfinite().all()
    assert float(weights[0]) == 0.0


def test_nobody_present_is_nothing():
    nobody = torch.tensor([False, False, False])
    assert float(GeometricLoss().scalarize(torch.zeros(3), nobody)) == 0.0


def test_what_cannot_be_is_refused():
    with pytest.raises(ParameterError, match=r"`focus` parameter of GeometricLoss must be numbers"):
        GeometricLoss(focus=(3,)).weights(LOSSES, ALL)
    with pytest.raises(ParameterError, match="of GeometricLoss must be at least 0"):
        GeometricLoss().weights(-LOSSES, ALL)
