"""SDMGrad's problem against projected gradient descent, and its weights that are carried."""

import numpy as np
import pytest
import torch
from drawn_gradients import gradients
from hypothesis import given
from hypothesis import strategies as st

from polytask._linalg import project_simplex
from polytask.aggregation import MGDA, Mean, SDMGrad
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served
from polytask.testing import check_aggregator

SEEDS = st.integers(0, 10_000)


def by_projected_steps(jacobian, lamda):
    """The paper's problem by small steps, as in its algorithm."""
    rows = jacobian.numpy()
    average = rows.mean(axis=0)
    point = np.full(len(rows), 1 / len(rows))
    step = 1 / np.linalg.norm(rows @ rows.T, 2)
    for _ in range(3000):
        point = project_simplex(point - step * rows @ (point @ rows + lamda * average))
    return torch.from_numpy((point @ rows + lamda * average) / (1 + lamda))


@pytest.mark.parametrize("lamda", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("n_tasks", [2, 6])
def test_projected_steps_find_the_same(n_tasks, lamda):
    jacobian = gradients(n_tasks, n_tasks, n_columns=9)
    update = SDMGrad(lamda).aggregate(jacobian)
    torch.testing.assert_close(update, by_projected_steps(jacobian, lamda), rtol=1e-6, atol=1e-8)


@given(SEEDS, st.integers(1, 8), st.integers(1, 8), st.floats(0, 5))
def test_no_shift_of_weight_makes_the_vector_shorter(seed, n_tasks, n_columns, lamda):
    jacobian = gradients(seed, n_tasks, n_columns)
    weights = SDMGrad(lamda).weights(jacobian @ jacobian.T)
    free = weights * (1 + lamda) - lamda / n_tasks
    slopes = jacobian @ (weights @ jacobian)
    assert float(weights.sum()) == pytest.approx(1)
    assert float(free.min()) > -1e-9
    assert float(slopes.min()) >= float(free @ slopes) - 1e-8 * float(slopes.abs().max() + 1)


def test_between_mgda_and_the_mean():
    jacobian = gradients(0, 4)
    torch.testing.assert_close(SDMGrad(0.0).aggregate(jacobian), MGDA().aggregate(jacobian))
    update, mean = SDMGrad(1e9).aggregate(jacobian), Mean().aggregate(jacobian)
    torch.testing.assert_close(update, mean, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("lamda", [0.0, 0.3])
def test_carried_weights_converge_to_the_exact_ones(lamda):
    sizes = torch.tensor([[0.1], [1.0], [10.0], [3.0]])
    jacobian = sizes * gradients(5, 4)
    exact = SDMGrad(lamda).aggregate(jacobian)
    carrying = SDMGrad(lamda, amortised=True)
    for _ in range(400):
        update = carrying.aggregate(jacobian)
    assert float((update - exact).norm() / exact.norm()) < 1e-2


def test_carried_weights_of_strongly_conflicting_tasks_settle():
    jacobian = torch.tensor([[1.0, 0.0], [-0.95, 0.31]], dtype=torch.float64)
    exact = SDMGrad().aggregate(jacobian)
    carrying = SDMGrad(amortised=True)
    for _ in range(200):
        update = carrying.aggregate(jacobian)
    assert float((update - exact).norm()) < 1e-3


def test_weights_of_absent_tasks_stay():
    carrying = SDMGrad(amortised=True)
    carrying.start(3)
    carrying.aggregate(gradients(0, 3))
    before = carrying.weights_.clone()
    carrying.aggregate(gradients(1, 2), Served(torch.tensor([True, False, True])))
    assert (carrying.weights_ != before).tolist() == [True, False, True]
    assert float(carrying.weights_.sum()) == pytest.approx(1)


def test_two_batches_remove_the_bias():
    truth = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    noise = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
    mean = {}
    for double in (False, True):
        carrying = SDMGrad(0.0, amortised=True, double_sampling=double, step_size=0.03)
        carrying.start(2)
        served, seen = Served.all_of(2), []
        for _ in range(800):
            first, second = (
                truth + noise * torch.randn(2, 2, generator=generator, dtype=torch.float64)
                for _ in range(2)
            )
            update = carrying.carried(served) @ first
            carrying.move((second if double else first) @ update, served)
            seen.append(float(carrying.carried(served)[1]))
        mean[double] = np.mean(seen[200:])
    assert mean[False] < 0.3
    assert mean[True] > mean[False] + 0.1


def test_a_second_batch_is_for_carried_weights():
    needs = SDMGrad(amortised=True, double_sampling=True).needs
    assert needs == {Need.PRODUCT, Need.PRESENT, Need.SECOND_BATCH}
    with pytest.raises(ParameterError, match="`double_sampling` parameter of SDMGrad"):
        SDMGrad(double_sampling=True)


def test_double_sampling_passes_the_common_check():
    check_aggregator(SDMGrad(amortised=True, double_sampling=True), n_tasks=(1, 3))
