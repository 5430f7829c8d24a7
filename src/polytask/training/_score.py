"""Raw scores of many rows, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule, Raw
from polytask.architectures._row_chunks import row_chunks
from polytask.data import Batch, SourceBatch
from polytask.training._average_members import average_members
from polytask.training._threads import threads_to_score
from polytask.training._trimmed import trimmed

__all__ = ["evaluating", "score", "source_scores"]


def score(network: MultiTaskModule, batch: Batch, rows_at_once: int | None = None) -> Raw:
    """Score all rows without gradients, in evaluation mode; members of an ensemble are averaged.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch of tensors
        With or without labels.
    rows_at_once : int, optional
        By default what the network states.

    Returns
    -------
    dict of (source, block) to tensor
        (n, n_tasks, *score_shape) of the block's tasks that the source carries, or
        (n, *score_shape) where each row has one task.
    """
    parts: dict[tuple[str, str], list[Tensor]] = {}
    with evaluating(network), threads_to_score(network, batch):
        for name, rows in batch.items():
            for chunk in row_chunks(network, rows, rows_at_once):
                for key, scores in source_scores(network, name, trimmed(chunk)).items():
                    parts.setdefault(key, []).append(scores)
    return {key: torch.cat(scores) for key, scores in parts.items()}


def source_scores(network: MultiTaskModule, source: str, rows: SourceBatch) -> Raw:
    """Raw scores of rows of one source, as the network is; members of an ensemble are averaged."""
    return average_members(network, network(network.with_members({source: rows})))


@contextmanager
def evaluating(network: MultiTaskModule) -> Iterator[None]:
    """Run the block without gradients, the network in evaluation mode."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)
