"""NashMTL's equation, its promises, and its weights that are carried."""

import math

import pytest
import torch
from drawn_gradients import gradients
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import NashMTL, Property
from polytask.gradients import Need, Served

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(1, 8))
def test_every_task_gains_the_same(seed, n_tasks):
    jacobian = gradients(seed, n_tasks)
    gramian = jacobian @ jacobian.T
    weights = NashMTL(max_norm=None).weights(gramian)
    torch.testing.assert_close(weights * (gramian @ weights), torch.ones_like(weights))
    assert float((weights @ jacobian).norm()) == pytest.approx(math.sqrt(n_tasks))


@given(SEEDS, st.integers(1, 5), st.floats(0.1, 10))
def test_the_norm_is_clipped(seed, n_tasks, max_norm):
    update = NashMTL(max_norm=max_norm).aggregate(gradients(seed, n_tasks))
    assert float(update.norm()) == pytest.approx(min(max_norm, math.sqrt(n_tasks)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("max_norm", [None, 1.0])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_torchjd_finds_the_same(max_norm, scale):
    torchjd = pytest.importorskip("torchjd.aggregation")
    pytest.importorskip("ecos")
    for n_tasks in (2, 3):
        jacobian = scale * gradients(n_tasks, n_tasks)
        theirs = torchjd.NashMTL(n_tasks=n_tasks, max_norm=max_norm or 0.0)(jacobian)
        ours = NashMTL(max_norm=max_norm).aggregate(jacobian)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_it_finds_what_the_authors_program_finds():
    # TorchJD 0.18, which runs the authors' program:
    # NashMTL(n_tasks=2)(torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]]))
    jacobian = torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]], dtype=torch.float64)
    update = NashMTL().aggregate(jacobian)
    wanted = torch.tensor([0.0542, 0.7061, 0.7061], dtype=torch.float64)
    torch.testing.assert_close(update, wanted, rtol=0, atol=1e-4)


def test_opposing_gradients_give_no_update():
    jacobian = torch.tensor([[1.0, 2.0, 0.0], [-0.5, -1.0, 0.0], [0.0, 0.0, 1.0]])
    assert float(NashMTL().aggregate(jacobian).norm()) < 1e-6


@pytest.mark.parametrize("max_norm", [None, 1.0])
def test_carried_weights_converge_to_the_exact_ones(max_norm):
    sizes = torch.tensor([[0.1], [1.0], [10.0], [3.0]])
    jacobian = sizes * gradients(5, 4)
    exact = NashMTL(max_norm=max_norm).aggregate(jacobian)
    carrying = NashMTL(max_norm=max_norm, amortised=True)
    for _ in range(200):
        update = carrying.aggregate(jacobian)
    assert float((update - exact).norm() / exact.norm()) < 1e-2


def test_carried_weights_of_strongly_conflicting_tasks_settle():
    jacobian = torch.tensor([[1.0, 0.0], [-0.99, 0.14]], dtype=torch.float64)
    exact = NashMTL().aggregate(jacobian)
    carrying = NashMTL(amortised=True)
    for _ in range(100):
        update = carrying.aggregate(jacobian)
    assert float((update - exact).norm()) < 1e-6


def test_weights_of_absent_tasks_stay():
    carrying = NashMTL(amortised=True)
    carrying.start(3)
    carrying.aggregate(gradients(0, 3))
    before = carrying.bargain_.weights.clone()
    carrying.aggregate(gradients(1, 2), Served(torch.tensor([True, False, True])))
    moved = carrying.bargain_.weights != before
    assert moved.tolist() == [True, False, True]


def test_carried_weights_need_slopes_and_are_state():
    carrying = NashMTL(amortised=True)
    assert carrying.needs == {Need.PRODUCT, Need.PRESENT}
    assert Property.STATELESS not in carrying.properties


@given(SEEDS, st.integers(1, 4))
def test_carried_weights_stay_finite_whatever_the_slopes(seed, n_tasks):
    carrying = NashMTL(amortised=True)
    carrying.start(n_tasks)
    served = Served.all_of(n_tasks)
    generator = torch.Generator().manual_seed(seed)
    for power in (0, 30, -30):
        slopes = torch.randn(n_tasks, generator=generator, dtype=torch.float64) * 10.0**power
        carrying.move(slopes, served)
        carrying.move(torch.zeros_like(slopes), served)
    assert bool((carrying.carried(served) > 0).all())
    assert bool(carrying.carried(served).isfinite().all())
