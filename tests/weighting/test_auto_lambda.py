"""Auto-λ: its weights descend the held-out loss of the step that they would make."""

import pytest
import torch
from torch import tensor

from polytask.gradients import Need
from polytask.weighting import AutoLambda

TARGETS = tensor([[1.0, 0.0], [1.2, 0.4], [-1.0, 0.0]])  # the third task pulls away
HELD_OUT = tensor([1.1, 0.2])  # the first task's, on other rows


def losses_of(point):
    return ((point - TARGETS) ** 2).sum(dim=1)


def held_out(point):
    return ((point - HELD_OUT) ** 2).sum()


def slopes_of(point, weights, size):
    """By hand: each task's gradient, times that of the held-out loss after the trial step."""
    gradients = 2 * (point - TARGETS)
    after = point - size * weights @ gradients
    return gradients @ (2 * (after - HELD_OUT))


def test_it_follows_adam_on_the_differentiated_step():
    """The reference differentiates through the trial step and hands the result to torch's Adam."""
    point, size, everyone = tensor([0.3, -0.5]), 1.0, tensor([True, True, True])
    weighting = AutoLambda(learning_rate=0.01)
    weighting.start(3)
    reference = torch.full((3,), 0.1, requires_grad=True)
    optimizer = torch.optim.Adam([reference], lr=0.01)
    for _ in range(20):
        weights = weighting.weights(losses_of(point), everyone)
        weighting.after_validation(slopes_of(point, weights, size), everyone)
        optimizer.zero_grad()
        start = point.clone().requires_grad_()
        total = (reference * losses_of(start)).sum()
        (gradient,) = torch.autograd.grad(total, start, create_graph=True)
        held_out(start - size * gradient).backward()
        optimizer.step()
        torch.testing.assert_close(weighting.task_weights_, reference.detach())


def test_a_task_that_harms_the_primary_one_loses_its_weight():
    weighting, everyone = AutoLambda(learning_rate=0.01), tensor([True, True, True])
    weighting.start(3)
    point = tensor([-0.5, 1.0])
    for _ in range(20):
        weights = weighting.weights(losses_of(point), everyone)
        weighting.after_validation(slopes_of(point, weights, 0.1), everyone)
        weights = weighting.weights(losses_of(point), everyone)
        point = point - 0.1 * weights @ (2 * (point - TARGETS))
    first, second, third = weighting.task_weights_.tolist()
    assert third < 0
    assert min(first, second) > 0.2
    assert float(held_out(point)) < 0.1


def test_it_says_what_it_needs():
    assert AutoLambda.needs == {Need.VALIDATION}
    assert AutoLambda(initial=0.3).weights(tensor([1.0]), tensor([True])).tolist() == [
        pytest.approx(0.3)
    ]


def test_an_absent_task_stands_still():
    weighting = AutoLambda(learning_rate=0.1)
    weighting.start(2)
    weighting.after_validation(tensor([1.0, 1.0]), tensor([True, True]))
    kept = weighting.task_weights_.clone()
    weighting.after_validation(tensor([0.0, 1.0]), tensor([False, True]))
    assert weighting.task_weights_[0] == kept[0]
    assert weighting.task_weights_[1] > kept[1]


def test_it_resumes_exactly():
    everyone = tensor([True, True])
    one, two = AutoLambda(), AutoLambda()
    one.start(2)
    two.start(2)
    one.after_validation(tensor([3.0, -1.0]), everyone)
    two.load_state_dict(one.state_dict())
    for weighting in (one, two):
        weighting.after_validation(tensor([-2.0, 5.0]), everyone)
    assert torch.equal(one.task_weights_, two.task_weights_)
