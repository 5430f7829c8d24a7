"""FairGrad's equation against nonlinear least squares, and its weights that are carried."""

import numpy as np
import pytest
import torch
from drawn_gradients import gradients
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from polytask.aggregation import FairGrad, NashMTL, Property
from polytask.gradients import Need, Served

SEEDS = st.integers(0, 10_000)


def by_least_squares(gramian, alpha):
    """What the authors solve."""
    start = np.ones(len(gramian)) / len(gramian)
    exact = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    found = least_squares(
        lambda w: gramian @ w - (1 / w) ** (1 / alpha), start, bounds=(0, np.inf), **exact
    )
    return found.x


@pytest.mark.parametrize("alpha", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("n_tasks", [2, 5])
def test_least_squares_finds_the_same(n_tasks, alpha):
    jacobian = gradients(n_tasks, n_tasks)
    gramian = jacobian @ jacobian.T
    weights = FairGrad(alpha, max_norm=None).weights(gramian)
    np.testing.assert_allclose(weights, by_least_squares(gramian.numpy(), alpha), rtol=1e-4)


@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_torchjd_finds_the_same(alpha):
    torchjd = pytest.importorskip("torchjd.aggregation")
    for scale in (1.0, 1000.0):  # with small gradients its least squares stop early
        jacobian = scale * gradients(7, 5)
        theirs = torchjd.FairGrad(alpha=alpha)(jacobian)
        torch.testing.assert_close(FairGrad(alpha, max_norm=None).aggregate(jacobian), theirs)


@given(SEEDS, st.integers(1, 8), st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_the_slopes_are_those_of_the_fair_update(seed, n_tasks, alpha):
    jacobian = gradients(seed, n_tasks)
    gramian = jacobian @ jacobian.T
    weights = FairGrad(alpha, max_norm=None).weights(gramian)
    torch.testing.assert_close(gramian @ weights, weights ** (-1 / alpha))


def test_with_alpha_1_it_is_nash_mtl():
    jacobian = gradients(1, 4)
    torch.testing.assert_close(FairGrad(1.0).aggregate(jacobian), NashMTL().aggregate(jacobian))


def test_a_large_alpha_makes_slopes_equal():
    jacobian = gradients(2, 4)
    slopes = jacobian @ FairGrad(100.0).aggregate(jacobian)
    assert float(slopes.max() / slopes.min()) < 1.1


def test_the_norm_is_clipped():
    jacobian = gradients(3, 4)
    free = FairGrad(max_norm=None).aggregate(jacobian)
    torch.testing.assert_close(FairGrad(max_norm=0.1).aggregate(jacobian), 0.1 * free / free.norm())
    torch.testing.assert_close(FairGrad(max_norm=100.0).aggregate(jacobian), free)


@pytest.mark.parametrize("max_norm", [None, 1.0])
@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_carried_weights_converge_to_the_exact_ones(alpha, max_norm):
    sizes = torch.tensor([[0.1], [1.0], [10.0], [3.0]])
    jacobian = sizes * gradients(5, 4)
    exact = FairGrad(alpha, max_norm).aggregate(jacobian)
    carrying = FairGrad(alpha, max_norm, amortised=True)
    for _ in range(200):
        update = carrying.aggregate(jacobian)
    assert float((update - exact).norm() / exact.norm()) < 1e-2


def test_weights_of_absent_tasks_stay():
    carrying = FairGrad(amortised=True)
    carrying.start(3)
    carrying.aggregate(gradients(0, 3))
    before = carrying.bargain_.weights.clone()
    carrying.aggregate(gradients(1, 2), Served(torch.tensor([True, False, True])))
    assert (carrying.bargain_.weights != before).tolist() == [True, False, True]


def test_carried_weights_need_slopes_and_are_state():
    carrying = FairGrad(amortised=True)
    assert carrying.needs == {Need.PRODUCT, Need.PRESENT}
    assert Property.STATELESS not in carrying.properties
