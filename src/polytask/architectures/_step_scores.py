"""Scores of the steps of sequences, in one tensor of the shape that their kind states."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor, full, nn, where

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._head_checks import check_steps, read_steps
from polytask.architectures._head_places import Places, own_places, scores_of
from polytask.architectures._tag_chain import chained
from polytask.data import Block, SourceBatch
from polytask.encoders import State
from polytask.tasks import NO_STEP

__all__ = ["scores_of_steps", "step_scores"]


def scores_of_steps(
    source: str,
    block: Block,
    heads: BlockHeads,
    places: Places,
    state: State,
    rows: SourceBatch,
    of_task: Tensor,
) -> Tensor:
    """Scores of every step of a source's rows, flat: (n, n_tasks, size), or (n, size).

    Parameters
    ----------
    source : str
        Its name, for errors.
    block : Block
    heads : BlockHeads
        Of the block.
    places : Places
        Of the block's tasks in the source.
    state : State
        Features of the rows, or of those of every task.
    rows : SourceBatch
    of_task : tensor of shape (n_tasks of the set,), int64
        Positions of the tasks of the set among the source's.

    Raises
    ------
    ParameterError
        If the features are not those of the steps that rows came with.
    """
    check_steps(source, state, rows, block)
    (values, mask), task = state, rows.task
    each = values.ndim == 4 and task is None
    steps = (places.picked(values) if each else values).flatten(-3, -2)
    n_steps = values.shape[-2]
    own = None if task is None else task.repeat_interleave(n_steps)
    scores = scores_of(heads, places, steps, own, of_task, per_task=each)
    links = heads.transitions_of(places.carried if task is None else heads.in_block(task))
    mask = read_steps(mask, rows)
    if mask is not None and mask.ndim == 3:
        own_masks = task is not None
        mask = own_places(mask, task, of_task) if own_masks else places.picked(mask).transpose(0, 1)  # type: ignore[arg-type]
    return step_scores(scores, mask, n_steps, block.score_shape[0], links)


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
