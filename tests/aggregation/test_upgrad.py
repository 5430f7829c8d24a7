"""UPGrad against projections solved one by one, TorchJD, and its promises."""

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.aggregation import DualProj, Mean, UPGrad


def jacobian_of(seed, n_tasks, width):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n_tasks, width)))


@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 10))
def test_the_mean_of_projections(seed, n_tasks, width):
    jacobian = jacobian_of(seed, n_tasks, width)
    rows = jacobian.numpy()
    added = [scipy.optimize.nnls(rows.T, -row, maxiter=1000)[0] for row in rows]
    wanted = (rows + np.stack(added) @ rows).mean(axis=0)
    np.testing.assert_allclose(UPGrad().aggregate(jacobian).numpy(), wanted, atol=1e-6)


def test_agreeing_gradients_are_averaged():
    jacobian = 1 + jacobian_of(1, 5, 9).abs()
    torch.testing.assert_close(UPGrad().aggregate(jacobian), Mean().aggregate(jacobian))


def test_golden_values():
    # TorchJD's UPGrad()(jacobian), of its tests; its Gramian is regularised by 1e-4.
    jacobian = torch.tensor([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]], dtype=torch.float64)
    wanted = torch.tensor([0.2929, 1.9004, 1.9004], dtype=torch.float64)
    torch.testing.assert_close(UPGrad().aggregate(jacobian), wanted, rtol=0, atol=1e-3)


@pytest.mark.parametrize("n_tasks", [2, 5, 12])
def test_the_same_as_torchjd(n_tasks):
    pytest.importorskip("quadprog")
    aggregation = pytest.importorskip("torchjd.aggregation")
    projector = pytest.importorskip("torchjd.linalg").QuadprogProjector(norm_eps=0.0, reg_eps=1e-10)
    jacobian = jacobian_of(n_tasks, n_tasks, 20)
    theirs = aggregation.UPGrad(projector=projector)(jacobian)
    torch.testing.assert_close(UPGrad().aggregate(jacobian), theirs, rtol=0, atol=1e-7)


@pytest.mark.parametrize("method", [UPGrad(), DualProj()])
def test_opposing_gradients_in_single_precision(method):
    """Only the part of the last gradient that is off all others helps a task and harms none."""
    for seed in range(20):
        rows = jacobian_of(seed, 9, 400)
        opposed = torch.cat([rows[:8], -rows[:8]]).float()
        assert method.aggregate(opposed).norm() < 1e-2
        update = method.aggregate(torch.cat([opposed, rows[8:].float()]))
        basis = torch.linalg.qr(rows[:8].T).Q
        free = rows[8] - basis @ (basis.T @ rows[8])
        torch.testing.assert_close(update.double(), free / 17, rtol=0, atol=1e-3)
