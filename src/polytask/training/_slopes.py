"""Slopes of losses along a direction."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["slopes_along"]


def slopes_along(
    losses: Float[Tensor, " k"],
    parameters: Sequence[Tensor],
    direction: Sequence[Tensor | None],
) -> Float[Tensor, " k"]:
    r"""Each loss's slope :math:`g_k^\top d`; its graph is kept.

    Parameters
    ----------
    losses : tensor of shape (k,)
        With their graph.
    parameters : sequence of tensors
    direction : sequence of tensors or None
        One of the shape of each parameter; None is zero.
    """
    pairs = [(p, d) for p, d in zip(parameters, direction, strict=True) if d is not None]
    slopes = torch.zeros_like(losses.detach())
    moving = [p for p, _ in pairs]
    for k, loss in enumerate(losses if losses.requires_grad and moving else ()):
        gradients = torch.autograd.grad(loss, moving, retain_graph=True, allow_unused=True)
        for gradient, (_, along) in zip(gradients, pairs, strict=True):
            if gradient is not None:
                slopes[k] += (gradient * along).sum()
    return slopes
