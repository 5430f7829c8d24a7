"""Every task's slope along one direction, at a cost that does not grow with their number."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._torch_defaults import graphs_on
from polytask.gradients._parts import flat

__all__ = ["slopes", "weighted_gradients"]


def slopes(
    losses: Float[Tensor, " k"], parameters: Sequence[Tensor], direction: Sequence[Tensor | None]
) -> Float[Tensor, " k"]:
    r"""Directional derivatives :math:`J d` of all losses at once.

    The gradient :math:`J^\top v` is linear in v, so that differentiating
    :math:`\langle J^\top v, d \rangle` by v gives :math:`J d`: one backward pass and one
    through it, whatever the number of tasks. Where an operation cannot be differentiated
    twice, one backward pass a task is made instead.

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
        return product(losses, weights, parameters, gradients, direction)


def weighted_gradients(
    losses: Tensor, weights: Tensor, parameters: Sequence[Tensor]
) -> list[Tensor | None]:
    """Gradients of the weighted sum of the losses, with the graph that leads to the weights."""
    total = torch.dot(weights, losses)
    found = torch.autograd.grad(total, list(parameters), create_graph=True, allow_unused=True)
    return list(found)


def product(
    losses: Tensor,
    weights: Tensor,
    parameters: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    direction: Sequence[Tensor | None],
) -> Float[Tensor, " k"]:
    """Slopes along a direction, from gradients that know how they came from the weights."""
    pairs = [
        (gradient, along)
        for gradient, along in zip(gradients, direction, strict=True)
        if gradient is not None and along is not None
    ]
    if not pairs:
        return torch.zeros_like(losses.detach())
    ends, seeds = zip(*pairs, strict=True)
    if not all(end.requires_grad for end in ends):  # a backward pass without a graph of its own
        return _one_by_one(losses, parameters, direction)
    try:
        (found,) = torch.autograd.grad(ends, weights, seeds, retain_graph=True)
    except RuntimeError:  # an operation without a second derivative
        return _one_by_one(losses, parameters, direction)
    return found.detach()


def _one_by_one(
    losses: Tensor, parameters: Sequence[Tensor], direction: Sequence[Tensor | None]
) -> Tensor:
    found = torch.zeros_like(losses.detach())
    for task, loss in enumerate(losses):
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        found[task] = sum(
            flat(gradient) @ flat(along)
            for gradient, along in zip(gradients, direction, strict=True)
            if gradient is not None and along is not None
        )
    return found
