"""Training rows held out for what learns from them: weights of the losses, merging coefficients."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.data import Batch, SourceBatch
from polytask.exceptions import ParameterError

__all__ = ["hold_out"]


def hold_out(
    sources: Batch, share: float, seed: int
) -> tuple[dict[str, SourceBatch], dict[str, SourceBatch]]:
    """Split every source at random into rows to train on and rows held out.

    Where each row belongs to one task, every task with two rows or more keeps some on both
    sides. Where tasks share rows, each keeps a labelled row to train on.

    Parameters
    ----------
    sources : Batch of tensors
    share : float
        Share of the rows held out, in (0, 1).
    seed : int

    Returns
    -------
    kept, held_out : dict of source name to SourceBatch

    Raises
    ------
    ParameterError
        If there are too few rows for a share of them.
    """
    kept, held = {}, {}
    for name, source in sources.items():
        held_mask = _held_mask(source, share, derived_seed(seed, "held out", name))
        _give_back(held_mask, source)
        kept[name] = source.take(torch.nonzero(~held_mask).flatten())
        if bool(held_mask.any()):
            held[name] = source.take(torch.nonzero(held_mask).flatten())
    if not held:
        sentence = (
            "A method that learns from rows held out of training needs at least 2 rows per "
            "source. Give more rows, or choose another method."
        )
        raise ParameterError(sentence)
    return kept, held


def _held_mask(source: SourceBatch, share: float, seed: int) -> Tensor:
    """Mask of the rows held out; at most half of each group."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(source.n_rows, dtype=torch.bool)
    groups = _groups(source)
    for group in torch.unique(groups):
        rows = torch.nonzero(groups == group).flatten()
        count = min(max(round(share * len(rows)), 1), len(rows) // 2)
        mask[rows[torch.randperm(len(rows), generator=generator, device="cpu")[:count]]] = True
    return mask


def _give_back(held: Tensor, source: SourceBatch) -> None:
    """Keep a row of every task whose labelled rows were all to be held out."""
    for labels in (source.targets or {}).values() if source.task is None else ():
        labelled = labels.mask.reshape(*labels.mask.shape[:2], -1).any(dim=2).cpu()
        for column in labelled.T:
            if bool(column.any()) and not bool((column & ~held).any()):
                held[torch.nonzero(column).flatten()[0]] = False


def _groups(source: SourceBatch) -> Int64[Tensor, " n"]:
    """A number per row: that of its task, where it belongs to one task only; else 0."""
    groups = torch.zeros(source.n_rows, dtype=torch.int64)
    if not source.n_rows or (source.task is None and not _has_one_task(source)):
        return groups
    task = groups if source.task is None else source.task.cpu()
    for labels in (source.targets or {}).values():
        labelled = labels.mask.flatten(1).any(dim=1).cpu()
        groups = torch.where(labelled, task + 1, groups)
    return groups


def _has_one_task(source: SourceBatch) -> bool:
    return sum(labels.mask.shape[1] for labels in (source.targets or {}).values()) == 1
