"""The Jacobian of the tasks' losses, by one backward pass per task, for any network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.gradients._arguments import no_graph_error
from polytask.gradients._flattening import flatten, real_size, slices

__all__ = ["per_task_jacobian"]


def per_task_jacobian(
    losses: Float[Tensor, " k"], parameters: Iterable[Tensor]
) -> Float[Tensor, "k p"]:
    """Gradients of each loss, flattened and stacked; 0 where a loss does not reach a parameter.

    Parameters
    ----------
    losses : tensor of shape (k,)
        Their graph is kept.
    parameters : iterable of tensors with p elements in all
        Complex ones count twice: real and imaginary parts lie side by side.
    """
    if not losses.requires_grad:
        raise no_graph_error("per_task_jacobian", "parameters")
    parameters = list(parameters)
    jacobian = losses.new_zeros(len(losses), sum(map(real_size, parameters)))
    for row, loss in zip(jacobian, losses, strict=True):
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        for gradient, columns in zip(gradients, slices(parameters), strict=True):
            if gradient is not None:
                row[columns] = flatten(gradient)
    return jacobian
