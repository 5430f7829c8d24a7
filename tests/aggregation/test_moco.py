"""MoCo against the paper's recursion written slowly, and where it goes."""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from polytask.aggregation import MGDA, MoCo
from polytask.gradients import Served


def nearest_in_simplex(point):
    """By the root of Σ max(vᵢ − θ, 0) = 1."""
    excess = brentq(
        lambda theta: np.maximum(point - theta, 0).sum() - 1, point.min() - 1, point.max()
    )
    return np.maximum(point - excess, 0)


def textbook(jacobians, beta, beta_sigma, gamma, gamma_sigma, rho):
    tracked = np.zeros(jacobians[0].shape)
    multipliers = np.full(len(tracked), 1 / len(tracked))
    for step, jacobian in enumerate(jacobians, start=1):
        tracked = tracked - beta / step**beta_sigma * (tracked - jacobian)
        slopes = (tracked @ tracked.T + rho * np.eye(len(tracked))) @ multipliers
        multipliers = nearest_in_simplex(multipliers - gamma / step**gamma_sigma * slopes)
        yield multipliers @ tracked


@pytest.mark.parametrize(
    "settings", [(0.1, 0.5, 0.1, 0.5, 0.0), (0.7, 0.2, 0.05, 0.1, 2.0), (1.0, 0.0, 5.0, 0.0, 0.0)]
)
def test_updates_are_those_of_the_recursion(settings):
    jacobians = np.random.default_rng(0).normal(size=(6, 4, 9))
    method = MoCo(*settings)
    for jacobian, wanted in zip(jacobians, textbook(jacobians, *settings), strict=True):
        np.testing.assert_allclose(method.combine(torch.from_numpy(jacobian)), wanted, atol=1e-9)


def test_under_noise_it_goes_where_mgda_goes_without():
    """MGDA of noisy gradients is biased towards 0; tracked gradients are not."""
    draw = np.random.default_rng(0)
    exact = torch.tensor([[1.0, 0.0, 0.2], [-0.5, 1.0, 0.0]], dtype=torch.float64)
    method = MoCo(beta=0.05, beta_sigma=0.0, gamma=0.1, gamma_sigma=0.0)
    ours, theirs = [], []
    for step in range(800):
        noisy = exact + torch.from_numpy(draw.normal(size=exact.shape))
        update = method.combine(noisy)
        if step >= 400:
            ours.append(update)
            theirs.append(MGDA().aggregate(noisy))
    wanted = MGDA().aggregate(exact)
    error, other = (float((torch.stack(x).mean(0) - wanted).norm()) for x in (ours, theirs))
    assert error < 0.12
    assert other > 2 * error


def test_an_absent_task_keeps_what_is_its_own():
    method = MoCo(beta=0.5, gamma=0.5)
    method.start(3)
    method.combine(torch.eye(3))
    before = method.state_dict()
    present = torch.tensor([True, False, True])
    method.combine(torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), Served(present))
    assert method.step_.tolist() == [2, 1, 2]
    torch.testing.assert_close(method.gradient_[1], before["gradient"][1])
    torch.testing.assert_close(method.multiplier_[1], before["multiplier"][1])
    assert float(method.multiplier_.sum()) == pytest.approx(1.0)


def test_tasks_without_multipliers_share_when_they_are_alone():
    method = MoCo(beta=1.0, gamma=100.0)
    method.combine(torch.tensor([[3.0, 0.0], [1.0, 0.0]], dtype=torch.float64))
    assert method.multiplier_.tolist() == [0.0, 1.0]
    update = method.combine(
        torch.tensor([[3.0, 0.0]], dtype=torch.float64), Served(torch.tensor([True, False]))
    )
    np.testing.assert_allclose(update, [3.0, 0.0])
