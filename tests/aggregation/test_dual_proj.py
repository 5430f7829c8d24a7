"""DualProj against an independent solver, TorchJD, and its promises."""

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import DualProj, Mean


def jacobian_of(seed, n_tasks, width):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n_tasks, width)))


@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 10))
def test_the_projection_of_the_mean(seed, n_tasks, width):
    jacobian = jacobian_of(seed, n_tasks, width)
    rows, mean = jacobian.numpy(), jacobian.numpy().mean(axis=0)
    added, _ = scipy.optimize.nnls(rows.T, -mean, maxiter=1000)
    got = DualProj().aggregate(jacobian).numpy()
    np.testing.assert_allclose(got, mean + added @ rows, atol=1e-6)


def test_a_mean_that_conflicts_with_no_task_stays():
    jacobian = 1 + jacobian_of(1, 5, 9).abs()
    jacobian[0, 0] = -2.0  # some gradients may conflict
    torch.testing.assert_close(DualProj().aggregate(jacobian), Mean().aggregate(jacobian))


def test_golden_values():
    # TorchJD's DualProj()(jacobian), of its tests; its Gramian is regularised by 1e-4.
    jacobian = torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]], dtype=torch.float64)
    wanted = torch.tensor([0.5563, 1.1109, 1.1109], dtype=torch.float64)
    torch.testing.assert_close(DualProj().aggregate(jacobian), wanted, rtol=0, atol=1e-3)


@pytest.mark.parametrize("n_tasks", [2, 5, 12])
def test_the_same_as_torchjd(n_tasks):
    pytest.importorskip("quadprog")
    aggregation = pytest.importorskip("torchjd.aggregation")
    projector = pytest.importorskip("torchjd.linalg").QuadprogProjector(norm_eps=0.0, reg_eps=1e-10)
    jacobian = jacobian_of(n_tasks, n_tasks, 20)
    theirs = aggregation.DualProj(projector=projector)(jacobian)
    torch.testing.assert_close(DualProj().aggregate(jacobian), theirs, rtol=0, atol=1e-7)
