"""Training rows that are set aside for the weights of the losses."""

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
    sides.

    Parameters
    ----------
    sources : Batch of tensors
    share : float
        Of the rows held out, in (0, 1).
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
        out = _drawn(source, share, derived_seed(seed, "held out", name))
        kept[name] = source.take(torch.nonzero(~out).flatten())
        if bool(out.any()):
            held[name] = source.take(torch.nonzero(out).flatten())
    if not held:
        sentence = (
            "A weighting that learns from rows held out of training needs at least 2 rows per "
            "source. Give more rows, or choose another weighting."
        )
        raise ParameterError(sentence)
    return kept, held


def _drawn(source: SourceBatch, share: float, seed: int) -> Tensor:
    """Which rows are held out; at most half of each group."""
    generator = torch.Generator().manual_seed(seed)
    out = torch.zeros(source.n_rows, dtype=torch.bool)
    groups = _groups(source)
    for group in torch.unique(groups):
        rows = torch.nonzero(groups == group).flatten()
        count = min(max(round(share * len(rows)), 1), len(rows) // 2)
        out[rows[torch.randperm(len(rows), generator=generator, device="cpu")[:count]]] = True
    return out


def _groups(source: SourceBatch) -> Int64[Tensor, " n"]:
    """A number for each row: that of the task it belongs to, where it belongs to one alone."""
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
