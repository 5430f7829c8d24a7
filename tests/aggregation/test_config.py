"""ConFIG against the authors' form on the Jacobian, and its promises."""

import pytest
import torch
from drawn_gradients import uneven_gradients as gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import ConFIG


def authors(jacobian):
    """Equation 2 of the paper."""
    lengths = jacobian.norm(dim=1, keepdim=True)
    units = jacobian / lengths.where(lengths > 0, 1.0)
    direction = torch.linalg.pinv(units, rtol=1e-7) @ torch.ones_like(units[:, 0])
    if direction.norm() < 1e-9:  # rounding alone
        return torch.zeros_like(direction)
    unit = direction / direction.norm()
    return (jacobian @ unit).sum() * unit


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
def test_the_update_is_that_of_the_paper(seed, n_tasks, n_columns):
    jacobian = gradients(seed, n_tasks, n_columns)
    wanted = authors(jacobian)
    near = 1e-5 * float(jacobian.norm())
    torch.testing.assert_close(ConFIG().aggregate(jacobian), wanted, rtol=1e-5, atol=near)


def test_the_update_is_torchjds():
    aggregation = pytest.importorskip("torchjd.aggregation")
    for seed in range(20):
        jacobian = gradients(seed, 5)
        jacobian[seed % 7 : seed % 7 + 1] = 0.0  # sometimes a gradient is zero
        wanted = aggregation.ConFIG()(jacobian)
        torch.testing.assert_close(ConFIG().aggregate(jacobian), wanted)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_angles_to_independent_gradients_are_equal_and_acute(seed, n_tasks):
    jacobian = gradients(seed, n_tasks)
    update = ConFIG().aggregate(jacobian)
    cosines = torch.cosine_similarity(jacobian, update[None])
    torch.testing.assert_close(cosines, cosines[:1].expand(n_tasks), rtol=1e-6, atol=1e-8)
    assert float(cosines.min()) > 0
    along = (jacobian @ update).sum() / update.norm()
    torch.testing.assert_close(update.norm(), along)


def test_opposing_gradients_cancel():
    one = gradients(0, 1)
    assert not ConFIG().aggregate(torch.cat([one, -3.0 * one])).any()
