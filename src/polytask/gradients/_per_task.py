"""Per-task gradients, one backward pass a task; works for any network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.gradients._given import no_graph
from polytask.gradients._parts import flat, n_numbers

__all__ = ["per_task_jacobian"]


def per_task_jacobian(
    losses: Float[Tensor, " k"], parameters: Iterable[Tensor]
) -> Float[Tensor, "k p"]:
    """Gradients of each loss, flattened and stacked; parameters a loss does not reach give 0.

    Parameters
    ----------
    losses : tensor of shape (k,)
        Their graph is kept.
    parameters : iterable of tensors with p elements in all
        Complex ones count twice: real and imaginary parts lie side by side.
    """
    if not losses.requires_grad:
        raise no_graph("per_task_jacobian", "parameters")
    parameters = list(parameters)
    size = sum(map(n_numbers, parameters))
    jacobian = losses.new_zeros(len(losses), size)
    for row, loss in zip(jacobian, losses, strict=True):
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        start = 0
        for gradient, parameter in zip(gradients, parameters, strict=True):
            stop = start + n_numbers(parameter)
            if gradient is not None:
                row[start:stop] = flat(gradient)
            start = stop
    return jacobian
