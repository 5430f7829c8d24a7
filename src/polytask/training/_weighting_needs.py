"""The needs of weightings between the forward and the backward pass."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import Need, gramian, slopes
from polytask.training._bilevel import TrialStep
from polytask.weighting import Weighting

__all__ = ["check_weighting_needs", "compute_weights"]

_OF_SHARED_PARAMETERS = frozenset({Need.GRAMIAN, Need.PRODUCT})
_SERVED = _OF_SHARED_PARAMETERS | {
    Need.LOSSES,
    Need.PRESENT,
    Need.LOSSES_AFTER_STEP,
    Need.EPOCH_LOSSES,
    Need.VALIDATION,
}


def check_weighting_needs(weighting: Weighting, shared: Sequence[Tensor]) -> None:
    """Refuse a weighting that needs what a training run does not serve."""
    name = type(weighting).__name__
    unserved = sorted(weighting.needs - _SERVED)
    if unserved:
        sentence = (
            f"{name} needs {', '.join(unserved)}, which Trainer does not serve to weightings. "
            f"Choose one whose `needs` are among {', '.join(sorted(_SERVED))}."
        )
        raise UnservedNeedError(sentence)
    if weighting.needs & _OF_SHARED_PARAMETERS and not shared:
        sentence = (
            f"{name} compares the tasks' gradients on shared parameters, and this network has "
            "none. Choose an architecture with a shared part, or a weighting of losses alone."
        )
        raise ParameterError(sentence)


def compute_weights(
    weighting: Weighting,
    losses: Float[Tensor, " n_tasks"],
    present: Bool[Tensor, " n_tasks"],
    shared: Sequence[Tensor],
    trial: TrialStep | None,
    learning_rate: float,
    step: int,
    scale: float = 1.0,
) -> Float[Tensor, " n_tasks"]:
    """Weights of the losses of a batch, after the needs of the weighting are served.

    Parameters
    ----------
    weighting : Weighting
    losses : tensor of shape (n_tasks,)
        With their graph, which is kept.
    present : tensor of shape (n_tasks,), bool
    shared : sequence of parameters
        Shared parameters that need gradients.
    trial : TrialStep, optional
        The trial step on rows held out for the weighting, if there are any.
    learning_rate : float
        Learning rate of the trial step.
    step : int
        Optimiser step, from 0.
    scale : float, default 1.0
        The factor by which mixed precision scales losses before a backward pass. Values that
        overflow are not served.
    """
    if not bool(present.any()):
        return weighting.weights(losses, present)
    scaled = losses * scale
    if Need.GRAMIAN in weighting.needs:
        inner = gramian(scaled, shared, present=present) / scale**2
        if _is_finite(inner):
            weighting.before_step(inner, present)
    if Need.VALIDATION in weighting.needs and trial is not None:
        trial_weights = weighting.weights(losses, present)
        held_out_slopes = trial.slopes(scaled, trial_weights, learning_rate, step, scale)
        if _is_finite(held_out_slopes):
            weighting.after_validation(held_out_slopes, present)
    weights = weighting.weights(losses, present)
    if Need.PRODUCT in weighting.needs:
        total = (weights * scaled).sum()
        update = torch.autograd.grad(total, list(shared), retain_graph=True, allow_unused=True)
        product = slopes(scaled, shared, update) / scale**2
        if _is_finite(product):
            weighting.after_product(product, losses.detach(), present)
    return weights


def _is_finite(values: Tensor) -> bool:
    return bool(values.isfinite().all())
