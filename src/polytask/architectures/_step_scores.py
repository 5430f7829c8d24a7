"""Scores of the steps of sequences, in one tensor of the shape that their kind states."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, full, nn, where

from polytask.architectures._tag_chain import chained
from polytask.tasks import NO_STEP

__all__ = ["step_scores"]


def step_scores(
    scores: Float[Tensor, "n_l *tasks c"],
    mask: Bool[Tensor, "n *own l"] | None,
    n_steps: int,
    most: int,
    transitions: Float[Tensor, "own c c"] | None = None,
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
    transitions : tensor of shape (n_tasks, c, c), or (n, c, c) where each row has one task, optional
        Those that link the steps of a row, of which scores then are logarithms of marginals.

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
    steps = scores.reshape(-1, n_steps, *scores.shape[1:]).movedim(1, -2)[..., :most, :]
    if mask is not None:
        mask = mask[..., :most]
        if mask.ndim < steps.ndim - 1:
            mask = mask.unsqueeze(1)
    if transitions is not None:
        steps = _linked(steps, mask, transitions)
    if mask is not None:
        steps = where(mask.unsqueeze(-1), steps, NO_STEP)
    return nn.functional.pad(steps, [0, 0, 0, max(0, most - n_steps)], value=NO_STEP).flatten(-2)


def _linked(
    steps: Float[Tensor, "n *tasks l c"],
    mask: Bool[Tensor, "n *own l"] | None,
    transitions: Float[Tensor, "own c c"],
) -> Float[Tensor, "n *tasks l c"]:
    """Logarithms of the marginals of linked steps, up to a constant per step."""
    if mask is None:
        lengths = full((len(steps), 1), steps.shape[-2], device=steps.device)
    else:
        lengths = mask.sum(dim=-1)
    if steps.ndim == 4:  # (n, n_tasks, l, c)
        return chained(steps, transitions, lengths)
    own = steps.unsqueeze(1), transitions.unsqueeze(1), lengths.view(-1, 1)
    return chained(*own).squeeze(1)
