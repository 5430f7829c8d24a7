"""MGDA's update against a fine search, and its promises."""

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import MGDA


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
