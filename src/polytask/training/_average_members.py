"""One score per row from those of an ensemble's members."""

from __future__ import annotations

import torch

from polytask.architectures import MultiTaskModule, Raw

__all__ = ["average_members"]


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
        cells = scores.float().reshape(n_rows, n_members, -1, *block.score_shape)
        by_member = cells.transpose(0, 1).flatten(1, 2).cpu().numpy()
        mean = torch.from_numpy(block.kind.average(by_member)).to(scores.device)
        averaged[source, name] = mean.view(n_rows, *scores.shape[1:])
    return averaged
