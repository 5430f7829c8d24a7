"""One score per row from those of an ensemble's members."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule, Raw
from polytask.tasks import Kind

__all__ = ["average", "average_members"]


def average_members(network: MultiTaskModule, raw: Raw) -> Raw:
    """Scores of rows whose responses are the means of those of the ensemble's members.

    Parameters
    ----------
    network : MultiTaskModule
    raw : Raw
        Its scores; the members of a row stand one after another.
    """
    n_members = network.n_members
    if n_members == 1:
        return raw
    blocks = {block.name: block for block in network.blocks}
    averaged: Raw = {}
    for (source, name), scores in raw.items():
        block, n_rows = blocks[name], len(scores) // n_members
        cells = scores.reshape(n_rows, n_members, -1, *block.score_shape)
        mean = average(block.kind, cells.transpose(0, 1).flatten(1, 2))
        averaged[source, name] = mean.view(n_rows, *scores.shape[1:])
    return averaged


def average(kind: Kind, scores: Tensor) -> Tensor:
    """Scores (n, …) that `Kind.average` makes of those of every member, (n_members, n, …).

    They stay on their device, unless the kind takes arrays of numpy alone.
    """
    has_double = scores.device.type != "mps"
    if has_double and getattr(kind.average, "in_any_library", False):
        return kind.average(scores.float())
    mean = kind.average(scores.float().cpu().numpy())
    return torch.from_numpy(mean).to(scores.device)
