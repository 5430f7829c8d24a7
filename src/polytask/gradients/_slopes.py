"""Slopes of all tasks along one direction, at a cost independent of their number."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients._flattening import flatten

__all__ = ["slopes", "slopes_from_gradients", "weighted_gradients"]


def slopes(
    losses: Float[Tensor, " k"], parameters: Sequence[Tensor], direction: Sequence[Tensor | None]
) -> Float[Tensor, " k"]:
    r"""Directional derivatives :math:`J d` of all losses at once.

    The gradient :math:`J^\top v` is linear in v, so that differentiating
    :math:`\langle J^\top v, d \rangle` by v gives :math:`J d`: one backward pass and one
    through it, for any number of tasks. Where an operation cannot be differentiated
    twice, one backward pass per task is made instead.

    Parameters
    ----------
    losses : tensor of shape (k,)
        Their graph is kept.
    parameters : sequence of tensors
    direction : sequence of tensors or None
        A direction of each parameter's shape; None is zero.

    Examples
    --------
    >>> import torch
    >>> from polytask.gradients import slopes
    >>> point = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> slopes(torch.stack([point.sum(), point.prod()]), [point], [torch.tensor([1.0, 0.0])])
    tensor([1., 2.])
    """
    weights = torch.ones_like(losses).requires_grad_()
    with graphs_on():
        gradients = weighted_gradients(losses, weights, parameters)
        return slopes_from_gradients(losses, weights, parameters, gradients, direction)


def weighted_gradients(
    losses: Tensor, weights: Tensor, parameters: Sequence[Tensor]
) -> list[Tensor | None]:
    """Gradients of the weighted sum of the losses, with the graph that leads to the weights."""
    total = torch.dot(weights, losses)
    return list(torch.autograd.grad(total, list(parameters), create_graph=True, allow_unused=True))


def slopes_from_gradients(
    losses: Tensor,
    weights: Tensor,
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    direction: Sequence[Tensor | None],
) -> Float[Tensor, " k"]:
    """Slopes along a direction, from `weighted_gradients` whose graph leads to the weights."""
    pairs = [
        (gradient, along)
        for gradient, along in zip(gradients, direction, strict=True)
        if gradient is not None and along is not None
    ]
    if not pairs:
        return torch.zeros_like(losses.detach())
    reached, along_reached = zip(*pairs, strict=True)
    if not all(gradient.requires_grad for gradient in reached):  # a backward pass without a graph
        return _slopes_per_task(losses, parameters, direction)
    try:
        (per_task,) = torch.autograd.grad(reached, weights, along_reached, retain_graph=True)
    except RuntimeError:  # an operation without a second derivative
        return _slopes_per_task(losses, parameters, direction)
    return per_task.detach()


def _slopes_per_task(
    losses: Tensor, parameters: Sequence[Tensor], direction: Sequence[Tensor | None]
) -> Float[Tensor, " k"]:
    per_task = torch.zeros_like(losses.detach())
    for task, loss in enumerate(losses):
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        per_task[task] = sum(
            flatten(gradient) @ flatten(along)
            for gradient, along in zip(gradients, direction, strict=True)
            if gradient is not None and along is not None
        )
    return per_task
