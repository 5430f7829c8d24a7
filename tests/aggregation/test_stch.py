"""STCH's weights are the gradient of its scalar, and cost no inner product."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import STCH
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served, backward


def told(*losses):
    losses = torch.tensor(losses, dtype=torch.float64)
    return Served(losses > 0, losses)


def scalar(losses, reference, mu):
    """As the authors write it."""
    progress = torch.log(losses / reference + 1e-20)
    most = progress.detach().max()
    return mu * torch.log(torch.sum(torch.exp((progress - most) / mu))) * len(losses)


@given(
    st.lists(st.floats(0.01, 100.0), min_size=3, max_size=3),
    st.sampled_from([0.05, 0.5, 1.0, 10.0]),
)
def test_weights_are_the_gradient_of_the_scalar(losses, mu):
    method = STCH(mu=mu, warmup=2)
    method.carried(told(1.0, 2.0, 3.0))
    method.carried(told(3.0, 2.0, 1.0))
    leaf = torch.tensor(losses, dtype=torch.float64, requires_grad=True)
    scalar(leaf, torch.tensor([2.0, 2.0, 2.0]), mu).backward()
    torch.testing.assert_close(method.carried(told(*losses)), leaf.grad)


def test_log_losses_are_followed_while_it_warms_up():
    method = STCH(warmup=2)
    for losses in ((0.5, 4.0), (1.0, 1.0), (2.0, 4.0)):
        weights = method.carried(told(*losses))
        plain = 1 / torch.tensor(losses, dtype=torch.float64)
        assert torch.equal(weights, plain) == (method.step_ <= 2)


def test_the_task_that_fell_behind_most_is_followed():
    method = STCH(mu=0.01, warmup=1)
    method.carried(told(1.0, 1.0))
    weights = method.carried(told(0.9, 0.5))
    torch.testing.assert_close(weights, torch.tensor([2 / 0.9, 0.0], dtype=torch.float64))


def test_a_task_that_comes_later_averages_its_own_first_losses():
    method = STCH(warmup=2)
    for losses in [(1.0, 0.0), (1.0, 0.0), (1.0, 8.0), (1.0, 4.0), (0.0, 1.0), (7.0, 1.0)]:
        weights = method.carried(told(*losses))
        assert bool(weights.isfinite().all())
    assert method.reference_.tolist() == [1.0, 6.0]
    assert method.seen_.tolist() == [5, 4]


def test_only_losses_are_needed():
    method = STCH(warmup=1)
    assert method.needs == {Need.LOSSES, Need.PRESENT}
    point = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    losses = torch.stack([(point[0] - 2) ** 2, (point[1] - 1) ** 2])
    torch.testing.assert_close(backward(losses, [point], method), 1 / losses.detach())
    torch.testing.assert_close(point.grad, torch.tensor([-2.0, -1.0]))


def test_losses_are_asked_for():
    with pytest.raises(ParameterError, match="`served` parameter of STCH must be a Served"):
        STCH().aggregate(torch.eye(2))
