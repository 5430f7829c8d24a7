"""One step of a training loop from the view of a weighting."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.gradients import Need
from polytask.weighting import Weighting

__all__ = ["losses_of", "rehearse_step"]

_N_COLUMNS = 7


def losses_of(
    count: int, seed: int = 0, scale: float = 1.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Positive losses around `scale`."""
    draw = torch.Generator().manual_seed(seed)
    return scale * (0.1 + 2 * torch.rand(count, generator=draw, dtype=torch.float64)).to(dtype)


def rehearse_step(
    weighting: Weighting, losses: Tensor, present: Tensor, seed: int, scale: float = 1.0
) -> Tensor:
    """Serve the weighting what it needs, in the engine's order; return its weights.

    Parameters
    ----------
    weighting : Weighting
    losses : tensor of shape (n_tasks,)
    present : tensor of shape (n_tasks,), bool
    seed : int
        Of the gradients; odd ones end an epoch.
    scale : float, default 1.0
        Of the gradients.
    """
    gradients = scale * _gradients(len(losses) + 1, seed).to(losses.dtype)
    held_out, jacobian = gradients[0], gradients[1:] * present[:, None]
    if Need.GRAMIAN in weighting.needs:
        weighting.before_step(jacobian @ jacobian.T, present)
    if Need.VALIDATION in weighting.needs:
        weighting.weights(losses, present)
        weighting.after_validation(jacobian @ held_out, present)
    weights = weighting.weights(losses, present)
    if Need.PRODUCT in weighting.needs:
        weighting.after_product(jacobian @ (weights @ jacobian), losses, present)
    weighting.learn(losses, present)
    if Need.LOSSES_AFTER_STEP in weighting.needs:
        weighting.after_step(0.9 * losses, present)
    if Need.EPOCH_LOSSES in weighting.needs and seed % 2:
        weighting.end_epoch(losses_of(len(losses), seed + 100).to(losses.dtype))
    return weights


def _gradients(count: int, seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, _N_COLUMNS, generator=draw, dtype=torch.float64)
