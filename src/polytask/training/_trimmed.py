"""Batches without the steps that none of their rows has."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from polytask.data import SourceBatch, part_has_steps

__all__ = ["trimmed"]


def trimmed(rows: SourceBatch, axis: int = 1) -> SourceBatch:
    """The same rows, with as many steps as the longest has; absent ones are 0, or NaN.

    Parameters
    ----------
    rows : SourceBatch of tensors
    axis : int, default 1
        That of the steps.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import SourceBatch, part_has_steps
    >>> from polytask.training._trimmed import trimmed
    >>> rows = SourceBatch({"tokens:words": torch.tensor([[4, 2, 0, 0], [3, 0, 0, 0]])})
    >>> trimmed(rows).inputs["tokens:words"]
    tensor([[4, 2],
            [3, 0]])
    """
    if not any(map(part_has_steps, rows.inputs)):
        return rows
    inputs = {
        part: array.narrow(axis, 0, _longest(array, axis)) if part_has_steps(part) else array
        for part, array in rows.inputs.items()
    }
    return replace(rows, inputs=inputs)


def _longest(array: Tensor, axis: int) -> int:
    """Steps of the longest row; at least 1."""
    present = array.isfinite() if array.is_floating_point() else array != 0
    of_steps = present.movedim(axis, 0).flatten(1).any(dim=1)
    if not of_steps.numel():
        return 0
    numbers = torch.arange(1, len(of_steps) + 1, device=array.device)
    return max(1, int((numbers * of_steps).max()))
