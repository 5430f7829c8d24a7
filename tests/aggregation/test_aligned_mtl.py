"""Aligned-MTL against TorchJD and against the singular value decomposition of the gradients."""

import pytest
import torch
from drawn_gradients import uneven_gradients as gradients
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import AlignedMTL

MODES = ("min", "median", "rmse")


def textbook(jacobian, mode):
    """The average row of the nearest matrix with orthogonal rows, whose length is `mode`'s."""
    left, values, right = torch.linalg.svd(jacobian, full_matrices=False)
    kept = values > 1e-7 * values[0]
    left, values, right = left[:, kept], values[kept], right[kept]
    scale = {"min": values[-1], "median": values.median(), "rmse": values.square().mean().sqrt()}
    return (scale[mode] * left @ right).mean(0)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 7), st.sampled_from(MODES))
def test_the_update_is_the_average_of_aligned_gradients(seed, n_tasks, n_columns, mode):
    jacobian = gradients(seed, n_tasks, n_columns)
    near = 1e-6 * float(jacobian.norm())
    update = AlignedMTL(mode).aggregate(jacobian)
    torch.testing.assert_close(update, textbook(jacobian, mode), rtol=1e-5, atol=near)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n_tasks", [1, 4, 5])
def test_weights_are_torchjds(mode, n_tasks):
    aggregation = pytest.importorskip("torchjd.aggregation")
    for seed in range(10):
        jacobian = gradients(seed, n_tasks)
        gramian = jacobian @ jacobian.T
        wanted = aggregation.AlignedMTLWeighting(scale_mode=mode)(gramian)
        torch.testing.assert_close(AlignedMTL(mode).weights(gramian), wanted)


def test_orthogonal_gradients_of_one_length_are_averaged():
    weights = AlignedMTL().weights(9.0 * torch.eye(4))
    torch.testing.assert_close(weights, torch.full((4,), 0.25))


def test_precision_of_float32_does_not_count_as_a_direction():
    jacobian = gradients(0, 2).float()
    jacobian = torch.cat([jacobian, jacobian.sum(0, keepdim=True)])
    precise = AlignedMTL().aggregate(jacobian.double())
    torch.testing.assert_close(
        AlignedMTL().aggregate(jacobian).double(), precise, rtol=1e-3, atol=1e-4
    )
