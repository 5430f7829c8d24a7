"""The trimmed mean, against TorchJD and against single bad gradients."""

import pytest
import torch

from polytask.aggregation import TrimmedMean


def gradients(n_tasks, n_columns=30):
    generator = torch.Generator().manual_seed(n_tasks)
    return torch.randn(n_tasks, n_columns, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("trim_number", "n_tasks"), [(0, 1), (0, 4), (1, 3), (1, 6), (3, 7)])
def test_the_update_is_torchjds(trim_number, n_tasks):
    aggregation = pytest.importorskip("torchjd.aggregation")
    jacobian = gradients(n_tasks)
    wanted = aggregation.TrimmedMean(trim_number)(jacobian)
    torch.testing.assert_close(TrimmedMean(trim_number).combine(jacobian), wanted)


def test_wrong_gradients_do_not_matter_however_large():
    jacobian = gradients(7)
    wanted = jacobian[:5].sort(dim=0).values[1:-1].mean(0)
    jacobian[5], jacobian[6] = 1e30, -1e30
    update = TrimmedMean(2).combine(jacobian)
    torch.testing.assert_close(update, wanted)


@pytest.mark.parametrize("n_tasks", [1, 2, 3, 4, 5])
def test_with_few_tasks_it_is_the_median(n_tasks):
    jacobian = gradients(n_tasks)
    middle = jacobian.sort(dim=0).values[(n_tasks - 1) // 2 : n_tasks // 2 + 1].mean(0)
    torch.testing.assert_close(TrimmedMean(9).combine(jacobian), middle)
