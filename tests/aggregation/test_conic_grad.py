"""ConicGrad keeps its cone and length, and betters every other direction that is tried."""

import numpy as np
import pytest
import torch

from polytask.aggregation import MGDA, ConicGrad, Mean


def jacobian_of(seed, n_tasks, width):
    draws = np.random.default_rng(seed).normal(size=(n_tasks, width))
    return torch.from_numpy(draws + 0.3)


@pytest.mark.parametrize("c", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("n_tasks", [2, 4, 9])
def test_no_direction_of_the_cone_is_better(n_tasks, c):
    jacobian = jacobian_of(n_tasks, n_tasks, 12)
    update, mean = ConicGrad(c).aggregate(jacobian), jacobian.mean(0)
    torch.testing.assert_close(update.norm(), mean.norm())
    assert float(torch.cosine_similarity(update, mean, dim=0)) >= c - 1e-9
    generator = torch.Generator().manual_seed(0)
    reached = (jacobian @ update).min() / update.norm()
    for size in (1e-3, 1e-2, 0.1, 1.0):
        others = update + size * torch.randn(2000, 12, generator=generator, dtype=torch.float64)
        others = others / others.norm(dim=1, keepdim=True)
        inside = others[others @ mean >= c * mean.norm()]
        assert len(inside) > 0 or c > 0.9
        assert bool(((inside @ jacobian.T).amin(dim=1) <= reached + 1e-9).all())


def test_a_wide_cone_has_the_direction_of_mgda():
    jacobian = jacobian_of(1, 4, 12)
    update, other = ConicGrad(c=0.0).aggregate(jacobian), MGDA().aggregate(jacobian)
    torch.testing.assert_close(update / update.norm(), other / other.norm())


def test_a_narrow_cone_has_the_direction_of_the_mean():
    jacobian = jacobian_of(2, 4, 12)
    update = ConicGrad(c=1 - 1e-9).aggregate(jacobian)
    torch.testing.assert_close(update, Mean().aggregate(jacobian), rtol=0, atol=1e-3)


def test_the_cone_binds_with_two_gradients():
    # g_1 = (1, 0), g_2 = (0, 3): the mean's direction is turned towards g_1 by 30 degrees.
    jacobian = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    update = ConicGrad(c=float(np.cos(np.pi / 6))).aggregate(jacobian)
    angle = np.arctan2(3.0, 1.0) - np.pi / 6
    wanted = float(np.sqrt(2.5)) * torch.tensor([np.cos(angle), np.sin(angle)])
    torch.testing.assert_close(update, wanted)


def test_pareto_stationary_gradients_are_averaged():
    jacobian = torch.tensor([[1.0, 0.0], [-2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(ConicGrad().aggregate(jacobian), jacobian.mean(0))


@pytest.mark.parametrize("width", [50, 10_000])
def test_stationary_gradients_in_single_precision_are_averaged(width):
    """Rounding of the Gramian may leave the hull a distance, whose direction is noise."""
    for seed in range(20):
        rows = jacobian_of(seed, 5, width)
        opposed = torch.cat([rows[:3], -3 * rows[:3], rows]).float()
        balanced = torch.cat([rows, -rows[:3].sum(0, keepdim=True)]).float()
        for jacobian in (opposed, balanced):
            update = ConicGrad().aggregate(jacobian)
            torch.testing.assert_close(update, jacobian.mean(0), rtol=1e-4, atol=1e-4)
