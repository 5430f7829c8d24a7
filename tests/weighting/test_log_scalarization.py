"""The sum of log-losses: units do not matter."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.exceptions import ParameterError
from polytask.weighting import LogScalarization

SCALES = st.lists(st.floats(1e-12, 1e12), min_size=3, max_size=3)
LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0], dtype=torch.float64), torch.tensor([True, True, True])


@given(SCALES)
def test_weighted_losses_do_not_depend_on_units(scales):
    scaled = LOSSES * torch.tensor(scales, dtype=torch.float64)
    weighted = LogScalarization().weights(scaled, ALL) * scaled
    torch.testing.assert_close(weighted, torch.ones(3, dtype=torch.float64))


def test_the_scalar_is_the_sum_of_logarithms():
    scalar = LogScalarization().scalarize(LOSSES, torch.tensor([True, False, True]))
    assert float(scalar) == pytest.approx(float(torch.log(LOSSES[0] * LOSSES[2])))


def test_an_absent_task_does_not_change_the_others():
    weights = LogScalarization().weights(LOSSES, torch.tensor([True, False, True]))
    assert weights.tolist() == [2.0, 0.0, 0.125]


def test_a_loss_of_zero_weighs_nothing():
    losses = torch.tensor([0.0, 2.0, 4.0], requires_grad=True)
    scalar = LogScalarization().scalarize(losses, ALL)
    (gradient,) = torch.autograd.grad(scalar, losses)
    assert gradient.tolist() == [0.0, 0.5, 0.25]
    assert LogScalarization().weights(losses, ALL).tolist() == [0.0, 0.5, 0.25]


def test_negative_losses_are_refused():
    with pytest.raises(ParameterError, match="of LogScalarization must be at least 0"):
        LogScalarization().weights(-LOSSES, ALL)
    with pytest.raises(ParameterError, match="of LogScalarization must be at least 0"):
        LogScalarization().scalarize(-LOSSES, ALL)
