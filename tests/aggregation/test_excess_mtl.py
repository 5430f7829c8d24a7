"""ExcessMTL against the authors' loop, and what it is for: noise does not gain weight."""

import numpy as np
import pytest
import torch

from polytask.aggregation import ExcessMTL
from polytask.gradients import Served


def textbook(jacobians, learning_rate):
    """As the authors write it, task by task."""
    n_tasks = len(jacobians[0])
    squares, weights, initial = np.zeros(jacobians[0].shape), np.ones(n_tasks), None
    for jacobian in jacobians:
        excess = np.zeros(n_tasks)
        for k in range(n_tasks):
            squares[k] += jacobian[k] ** 2
            excess[k] = jacobian[k] * (1 / np.sqrt(squares[k] + 1e-15)) @ jacobian[k]
        if initial is None:
            initial = excess
        else:
            weights = weights * np.exp(learning_rate * excess / initial)
            weights = weights / weights.sum() * n_tasks
        yield weights @ jacobian


@pytest.mark.parametrize("learning_rate", [0.01, 1.0])
def test_updates_are_those_of_the_authors(learning_rate):
    jacobians = np.random.default_rng(0).normal(size=(6, 4, 9))
    method = ExcessMTL(learning_rate=learning_rate)
    for jacobian, wanted in zip(jacobians, textbook(jacobians, learning_rate), strict=True):
        np.testing.assert_allclose(method.combine(torch.from_numpy(jacobian)), wanted, rtol=1e-9)


def test_a_converged_task_loses_weight_however_high_its_loss():
    """Both tasks are quadratics; the first is at its optimum, where only noise is left."""
    draw = torch.Generator().manual_seed(0)
    method = ExcessMTL(learning_rate=0.1)
    first, second = torch.ones(5), torch.ones(5)
    for _ in range(50):
        noise = 0.02 * torch.randn(5, generator=draw)
        method.combine(torch.stack([first + noise, second]))
        first = 0.5 * first
    weights = 2 * method.log_weight_.softmax(0)
    assert weights[1] > 1.2
    assert float(weights.sum()) == pytest.approx(2.0)


def test_an_absent_task_keeps_what_is_its_own():
    method = ExcessMTL(learning_rate=1.0)
    method.start(3)
    draw = torch.Generator().manual_seed(0)
    method.combine(torch.randn(3, 4, generator=draw))
    before = method.state_dict()
    update = torch.randn(2, 4, generator=draw)
    method.combine(update, Served(torch.tensor([True, False, True])))
    after = method.state_dict()
    for name in ("log_weight", "curvature", "initial_excess"):
        torch.testing.assert_close(after[name][1], before[name][1])
        assert not torch.equal(after[name][0], before[name][0]) or name == "initial_excess"


def test_how_often_a_task_is_present_does_not_raise_its_weight():
    method = ExcessMTL(learning_rate=1.0)
    method.combine(torch.ones(2, 3))
    for _ in range(20):
        method.combine(torch.ones(1, 3), Served(torch.tensor([True, False])))
    weights = method.combine(torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(1, 2)[:, :3])
    assert weights[0] > weights[1]  # the second is less settled than the first


def test_a_first_gradient_of_zero_is_no_reference():
    method = ExcessMTL()
    method.combine(torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert method.initial_excess_.tolist() == [0.0, 1.0]
    method.combine(torch.tensor([[2.0, 0.0], [1.0, 0.0]]))
    assert method.initial_excess_.tolist() == [2.0, 1.0]
