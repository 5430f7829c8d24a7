"""MoDo's weights: the step of the paper, its limit, and absent tasks."""

import numpy as np
import pytest
import torch
from drawn_gradients import gradients

from polytask._linalg import project_simplex
from polytask.aggregation import MGDA, MoDo
from polytask.gradients import Need, Served


def test_steps_are_those_of_the_paper():
    modo = MoDo(gamma=0.03, rho=0.2)
    modo.start(3)
    point, served = np.full(3, 1 / 3), Served.all_of(3)
    for seed in range(5):
        first, second = gradients(2 * seed, 3), gradients(2 * seed + 1, 3)
        update = modo.carried(served) @ first
        torch.testing.assert_close(update, torch.from_numpy(point) @ first)
        modo.move(second @ update, served)
        slopes = second.numpy() @ first.numpy().T @ point
        point = project_simplex(point - 0.03 * (slopes + 0.2 * point))
    torch.testing.assert_close(modo.weights_, torch.from_numpy(point))


def test_without_noise_the_weights_become_those_of_mgda():
    jacobian = gradients(4, 4)
    modo = MoDo(gamma=0.02, rho=0.0)
    for _ in range(500):
        update = modo.aggregate(jacobian)
    torch.testing.assert_close(update, MGDA().aggregate(jacobian), rtol=1e-6, atol=1e-6)


def test_rho_keeps_weights_apart():
    jacobian = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    modo = MoDo(gamma=0.05, rho=1.0)
    for _ in range(500):
        modo.aggregate(jacobian)
    wanted = torch.tensor([5.0, 2.0], dtype=torch.float64) / 7  # 2 a = 5 b
    torch.testing.assert_close(modo.weights_, wanted)


def test_two_batches_remove_the_bias():
    truth = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    noise = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    generator, served, mean = torch.Generator().manual_seed(0), Served.all_of(2), {}
    for double in (False, True):
        modo, seen = MoDo(gamma=0.02, rho=0.0), []
        modo.start(2)
        for _ in range(800):
            first, second = (
                truth + noise * torch.randn(2, 2, generator=generator, dtype=torch.float64)
                for _ in range(2)
            )
            update = modo.carried(served) @ first
            modo.move((second if double else first) @ update, served)
            seen.append(float(modo.weights_[1]))
        mean[double] = np.mean(seen[100:])
    assert mean[False] < 0.25  # 1 / 10 up to the projection: noise counts as length
    assert mean[True] == pytest.approx(0.5, abs=0.1)


def test_weights_of_absent_tasks_stay():
    modo = MoDo()
    modo.start(3)
    modo.aggregate(gradients(0, 3))
    modo.start(3)
    modo.aggregate(gradients(1, 2), Served(torch.tensor([True, False, True])))
    assert float(modo.weights_[1]) == pytest.approx(1 / 3)
    assert float(modo.weights_.sum()) == pytest.approx(1)
    assert float(modo.weights_[0]) != pytest.approx(1 / 3)


def test_tasks_without_weight_share_equally_when_they_are_alone():
    modo = MoDo()
    modo.start(3)
    modo.load_state_dict({"weights": torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)})
    served = Served(torch.tensor([True, False, True]))
    torch.testing.assert_close(modo.carried(served), torch.full((2,), 0.5, dtype=torch.float64))
    modo.aggregate(gradients(1, 2), served)
    assert float(modo.weights_[1]) == 1.0
    assert float(modo.weights_.sum()) > 1.5


def test_it_asks_for_a_second_batch():
    assert MoDo().needs == {Need.PRODUCT, Need.SECOND_BATCH, Need.PRESENT}
