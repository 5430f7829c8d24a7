"""Weights of a bargain that are carried from step to step."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["bargaining_step", "clipped"]


def bargaining_step(
    weights: Float[Tensor, " k"], slopes: Float[Tensor, " k"], alpha: float, step_size: float
) -> Float[Tensor, " k"]:
    r"""One step of w towards :math:`(G w)_k = w_k^{-1/\alpha}`, given only the slopes G w.

    First all weights are scaled alike, to where :math:`\sum_k w_k (G w)_k` is what it would be
    at the solution. Then each moves by its own residual,

    .. math:: w_k \leftarrow w_k e^{-\eta \rho_k}, \qquad
              \rho_k = \log(w_k^{1/\alpha} (G w)_k) \in [-1, 1],

    where slopes that are not positive have the residual -1. Nothing moves if all slopes together
    say nothing: if the update was zero.

    Parameters
    ----------
    weights : tensor of shape (k,)
        Positive, of the update just made.
    slopes : tensor of shape (k,)
        Along that update.
    alpha : float
    step_size : float
        The step :math:`\eta`.
    """
    beta = 1 / alpha
    total = weights @ slopes
    scale = (weights.pow(1 - beta).sum() / total).pow(1 / (1 + beta))
    scaled = scale * weights
    residual = scaled.pow(beta) * scale * slopes
    moved = scaled * torch.exp(-step_size * residual.clamp(math.exp(-1), math.e).log())
    sound = (total > 0) & moved.isfinite().all() & (moved > 0).all()
    return torch.where(sound, moved, weights)


def clipped(
    weights: Float[Tensor, " k"], norm: Float[Tensor, ""], max_norm: float | None
) -> Float[Tensor, " k"]:
    """Weights of the update clipped to a norm, given the norm it has.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation._bargaining_step import clipped
    >>> clipped(torch.tensor([2.0, 4.0]), torch.tensor(5.0), 1.0)
    tensor([0.4000, 0.8000])
    """
    if max_norm is None:
        return weights
    return weights * (max_norm / norm.clamp(min=max_norm))
