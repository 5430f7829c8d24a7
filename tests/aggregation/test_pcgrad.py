"""PCGrad's coefficients against projections of explicit gradients in the same order."""

import pytest
import torch
from drawn_gradients import uneven_gradients as gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import PCGrad, Sum
from polytask.aggregation._random_orders import draw_orders


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def update(jacobian, seed=0):
    aggregator = PCGrad()
    aggregator.start(len(jacobian), generator=seeded(seed))
    return aggregator.aggregate(jacobian)


def textbook(jacobian, order):
    """Algorithm 1 of the paper, on the gradients themselves."""
    total = torch.zeros_like(jacobian[0])
    for i, others in enumerate(order):
        projected = jacobian[i].clone()
        for j in others:
            slope = projected @ jacobian[j]
            if slope < 0:
                projected = projected - slope / (jacobian[j] @ jacobian[j]) * jacobian[j]
        total += projected
    return total


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
def test_the_update_is_that_of_the_paper(seed, n_tasks, n_columns):
    jacobian = gradients(seed, n_tasks, n_columns)
    wanted = textbook(jacobian, draw_orders(n_tasks, seeded(seed)))
    near = 1e-9 * float(jacobian.norm())
    torch.testing.assert_close(update(jacobian, seed), wanted, rtol=1e-9, atol=near)


def test_more_tasks_than_are_worked_on_at_once():
    jacobian = gradients(0, 150, 40)
    wanted = textbook(jacobian, draw_orders(150, seeded(5)))
    torch.testing.assert_close(update(jacobian, 5), wanted, rtol=1e-8, atol=1e-8)


def test_the_update_is_torchjds(monkeypatch):
    aggregation = pytest.importorskip("torchjd.aggregation")
    for seed in range(20):
        jacobian = gradients(seed, 6)
        orders = iter(draw_orders(6, seeded(seed)))
        # TorchJD skips the task itself wherever it stands in the permutation.
        monkeypatch.setattr(torch, "randperm", lambda _: torch.from_numpy(next(orders)))  # noqa: B023
        torch.testing.assert_close(update(jacobian, seed), aggregation.PCGrad()(jacobian))


def test_every_order_of_the_others_is_as_likely():
    orders = [draw_orders(3, seeded(seed)) for seed in range(400)]
    for i in range(3):
        rows = [tuple(order[i].tolist()) for order in orders]
        low, high = [j for j in range(3) if j != i]
        assert set(rows) == {(low, high), (high, low)}
        assert abs(rows.count((low, high)) - 200) < 50


@given(st.integers(0, 10_000))
def test_two_tasks_never_conflict(seed):
    jacobian = gradients(seed, 2)
    slopes = jacobian @ update(jacobian)
    assert bool((slopes >= -1e-9 * jacobian.norm() ** 2).all())


def test_without_conflict_it_is_the_sum():
    jacobian = gradients(0, 4).abs()
    assert torch.equal(update(jacobian), Sum().aggregate(jacobian))


def test_zero_gradients_change_nothing():
    jacobian = gradients(1, 4)
    jacobian[2:] = 0.0
    torch.testing.assert_close(update(jacobian), update(jacobian[:2]))
