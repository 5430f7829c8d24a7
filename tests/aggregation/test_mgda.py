"""MGDA's update against a fine search, and its promises."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import MGDA, Property
from polytask.gradients import Served


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
def test_no_loss_grows_along_the_update(seed, n_tasks, n_parameters):
    jacobian = torch.from_numpy(np.random.default_rng(seed).normal(size=(n_tasks, n_parameters)))
    gramian = jacobian @ jacobian.T
    update = jacobian.T @ MGDA().weights(gramian)
    slopes = jacobian @ update
    assert bool((slopes >= -1e-9 * gramian.diagonal().max()).all())


def test_the_update_is_the_shortest_in_the_hull():
    jacobian = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 5)))
    best = jacobian.T @ MGDA().weights(jacobian @ jacobian.T)
    grid = np.linspace(0, 1, 41)
    others = [
        np.linalg.norm(jacobian.T @ torch.tensor([a, b, 1 - a - b]))
        for a, b in itertools.product(grid, grid)
        if a + b <= 1
    ]
    assert float(best.norm()) <= min(others) + 1e-12


def agreeing(seed, n_tasks, width):
    draws = np.random.default_rng(seed).normal(size=(n_tasks, width))
    return torch.from_numpy(draws + 0.2)


@pytest.mark.parametrize("n_tasks", [2, 6, 20])
def test_carried_weights_reach_the_solution(n_tasks):
    jacobian = agreeing(n_tasks, n_tasks, 300)
    exact, carrying = MGDA().aggregate(jacobian), MGDA(amortised=True)
    updates = [carrying.aggregate(jacobian) for _ in range(1000)]
    errors = [float((update - exact).norm() / exact.norm()) for update in updates]
    assert errors[300] < 1e-2
    assert errors[-1] < 1e-3


def test_carried_weights_bear_changing_gradients():
    jacobian, carrying = agreeing(3, 4, 100), MGDA(amortised=True)
    noise = np.random.default_rng(0).normal(size=(1000, 4, 100)) * 0.3
    for one in torch.from_numpy(noise):
        carrying.aggregate(jacobian + one)
    exact = MGDA().weights(jacobian @ jacobian.T + 100 * 0.09 * torch.eye(4))
    assert float((carrying.weights_ - exact).abs().max()) < 0.05


@pytest.mark.parametrize("scale", [1e-15, 0.0, 1e15])
def test_carried_weights_bear_any_scale(scale):
    jacobian, carrying, plain = agreeing(4, 3, 9), MGDA(amortised=True), MGDA(amortised=True)
    for _ in range(5):
        update = carrying.aggregate(jacobian * scale)
        torch.testing.assert_close(update, plain.aggregate(jacobian) * scale)


def test_absent_tasks_keep_their_weight_and_the_others_sum_to_one():
    jacobian, carrying = agreeing(5, 4, 9), MGDA(amortised=True)
    carrying.aggregate(jacobian)
    present = torch.tensor([True, True, False, True])
    before = carrying.weights_.clone()
    update = carrying.aggregate(jacobian[present], Served(present))
    torch.testing.assert_close(update, before[present] @ jacobian[present] / (1 - before[2]))
    after = carrying.weights_
    assert after[2] == before[2]
    assert not torch.equal(after, before)
    assert float(after.sum()) == pytest.approx(1.0)


def test_carried_weights_resume_and_are_forgotten():
    jacobian = agreeing(6, 4, 9)
    one, other = MGDA(amortised=True), MGDA(amortised=True)
    first = one.aggregate(jacobian)
    other.start(4)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.aggregate(jacobian), other.aggregate(jacobian))
    one.start(4)
    assert torch.equal(one.aggregate(jacobian), first)
    assert Property.STATELESS not in one.properties
    assert Property.STATELESS in MGDA().properties
