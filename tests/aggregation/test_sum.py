"""The sum of the gradients."""

import torch

from polytask.aggregation import Sum


def test_the_update_is_the_sum():
    jacobian = torch.tensor([[1.0, 2.0], [3.0, -5.0], [0.0, 1.0]], dtype=torch.float64)
    assert torch.equal(Sum().aggregate(jacobian), jacobian.sum(0))
