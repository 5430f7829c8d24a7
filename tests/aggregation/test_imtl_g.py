"""IMTL-G against the paper's closed form, and its equal projections."""

from functools import partial

import pytest
import torch
from drawn_gradients import uneven_gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import IMTLG

gradients = partial(uneven_gradients, spread=0.5)


def weights(jacobian):
    return IMTLG().weights(jacobian @ jacobian.T)


def closed_form(jacobian):
    """Equation 5 of the paper, on the gradients themselves."""
    units = jacobian / jacobian.norm(dim=1, keepdim=True)
    unit_differences = units[0] - units[1:]
    products = (jacobian[0] - jacobian[1:]) @ unit_differences.T
    others = jacobian[0] @ unit_differences.T @ torch.linalg.inv(products)
    return torch.cat([1 - others.sum(0, keepdim=True), others])


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_weights_are_those_of_the_paper(seed, n_tasks):
    jacobian = gradients(seed, n_tasks)
    wanted = closed_form(jacobian)
    near = 1e-6 * float(wanted.abs().max()) ** 2
    torch.testing.assert_close(weights(jacobian), wanted, rtol=1e-6, atol=near)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_projections_onto_all_gradients_are_equal(seed, n_tasks):
    jacobian = gradients(seed, n_tasks)
    update = IMTLG().aggregate(jacobian)
    projections = jacobian @ update / jacobian.norm(dim=1)
    spread = projections.max() - projections.min()
    assert float(spread) <= 1e-8 * float(update.norm())
    assert float(weights(jacobian).sum()) == pytest.approx(1.0, abs=1e-6)


def test_weights_are_torchjds():
    aggregation = pytest.importorskip("torchjd.aggregation")
    for seed in range(20):
        jacobian = gradients(seed, 5)
        wanted = aggregation.IMTLGWeighting()(jacobian @ jacobian.T)
        torch.testing.assert_close(weights(jacobian), wanted, rtol=1e-6, atol=1e-6)


def test_short_gradients_count_as_much_as_long_ones():
    jacobian = gradients(0, 3, spread=0.0) * torch.tensor([[1.0], [1e-12], [1e12]])
    update = IMTLG().aggregate(jacobian)
    projections = jacobian @ update / jacobian.norm(dim=1)
    torch.testing.assert_close(projections, projections[:1].expand(3), rtol=1e-3, atol=0.0)


def test_equal_gradients_share_the_weight():
    jacobian = gradients(0, 1).expand(4, -1)
    torch.testing.assert_close(weights(jacobian), torch.full((4,), 0.25, dtype=torch.float64))


def test_nothing_is_done_where_no_projections_can_be_equal():
    one = gradients(0, 1)
    assert not weights(torch.cat([one, -3.0 * one])).any()
    assert not weights(torch.zeros(3, 4, dtype=torch.float64)).any()


def test_a_zero_gradient_changes_nothing():
    jacobian = gradients(2, 3)
    with_zero = torch.cat([jacobian, torch.zeros(1, 9, dtype=torch.float64)])
    assert weights(with_zero)[3] == 0
    torch.testing.assert_close(weights(with_zero)[:3], weights(jacobian))
