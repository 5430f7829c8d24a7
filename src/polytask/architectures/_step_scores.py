"""Scores of the steps of sequences, in one tensor of the shape that their kind states."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, nn, where

from polytask.tasks import NO_STEP

__all__ = ["step_scores"]


def step_scores(
    scores: Float[Tensor, "n_l *tasks c"],
    mask: Bool[Tensor, "n *own l"] | None,
    n_steps: int,
    most: int,
) -> Float[Tensor, "n *tasks size"]:
    """Scores of all steps of a row one after another, of absent steps `NO_STEP`.

    Parameters
    ----------
    scores : tensor of shape (n * n_steps, n_tasks, c), or (n * n_steps, c)
        Those of heads that took steps as rows.
    mask : tensor of shape (n, n_steps), or (n, n_tasks, n_steps), or None
        Steps that a row has; all of them when None.
    n_steps : int
        Steps of the longest row of the batch.
    most : int
        Steps that labels have; further steps are cut.

    Returns
    -------
    tensor of shape (n, n_tasks, most * c), or (n, most * c)

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._step_scores import step_scores
    >>> step_scores(torch.ones(2, 1), torch.tensor([[True, False]]), n_steps=2, most=3)
    tensor([[ 1.0000e+00, -8.1920e+03, -8.1920e+03]])
    """
    steps = scores.reshape(-1, n_steps, *scores.shape[1:]).movedim(1, -2)
    if mask is not None:
        if mask.ndim < steps.ndim - 1:
            mask = mask.unsqueeze(1)
        steps = where(mask.unsqueeze(-1), steps, NO_STEP)
    steps = nn.functional.pad(
        steps[..., :most, :], [0, 0, 0, max(0, most - n_steps)], value=NO_STEP
    )
    return steps.flatten(-2)
