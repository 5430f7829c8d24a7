"""Scores of the tasks that rows may belong to."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.architectures._row_chunks import row_chunks
from polytask.data import Batch, SourceBatch
from polytask.tasks import Multiclass
from polytask.training._average_members import average
from polytask.training._score import evaluating
from polytask.training._threads import threads_to_score

__all__ = ["route"]


def route(
    network: MultiTaskModule, batch: Batch, rows_at_once: int | None = None
) -> Mapping[str, Tensor]:
    """Route all rows without gradients, in evaluation mode; members of an ensemble are averaged.

    `MultiTaskModule.route` says how.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch of tensors
    rows_at_once : int, optional
        By default what the network states.
    """
    routes: dict[str, Tensor] = {}
    with evaluating(network), threads_to_score(network, batch):
        for source in (name for name in batch if name in network.routed_sources):
            rows = batch[source]
            chunks = row_chunks(network, rows, rows_at_once) if rows.n_rows else [rows]
            routes[source] = torch.cat([_routed(network, source, chunk) for chunk in chunks])
    return routes


def _routed(network: MultiTaskModule, source: str, rows: SourceBatch) -> Tensor:
    """Scores of some rows of a source, averaged over members."""
    scores = network.route(network.with_members({source: rows}))[source]
    if network.n_members == 1:
        return scores
    of_members = scores.view(-1, network.n_members, scores.shape[1]).transpose(0, 1)
    return average(Multiclass(), of_members)
