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

__all__ = ["evaluating", "score"]


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
    answer = _score_replicated if network.replicated else _score_joint
    with evaluating(network), threads_to_score(network, batch):
        for name, rows in batch.items():
            for chunk in row_chunks(network, rows, rows_at_once):
                for key, scores in answer(network, name, trimmed(chunk)).items():
                    parts.setdefault(key, []).append(scores)
    return {key: torch.cat(scores) for key, scores in parts.items()}


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


def _score_joint(network: MultiTaskModule, name: str, rows: SourceBatch) -> Raw:
    return average_members(network, network(network.with_members({name: rows})))


def _score_replicated(network: MultiTaskModule, name: str, rows: SourceBatch) -> Raw:
    """Scores of single-task networks: each sees all rows, or its own where rows have a task."""
    names = network.tasks_in(name)
    if rows.task is not None and len(names) > 1:
        return _score_own_rows(network, name, rows, rows.task, names)
    inputs = {part: array.expand(len(names), *array.shape) for part, array in rows.inputs.items()}
    sizes = torch.full((len(names),), rows.n_rows)
    raw = average_members(
        network, network(network.with_members({name: SourceBatch(inputs, sizes=sizes)}))
    )
    return raw if rows.task is None else {key: scores[:, 0] for key, scores in raw.items()}


def _score_own_rows(
    network: MultiTaskModule, name: str, rows: SourceBatch, task: Tensor, names: tuple[str, ...]
) -> Raw:
    """Group rows by task, so that each network sees its own only."""
    groups = [torch.nonzero(task == network.tasks.index(n)).flatten() for n in names]
    width = max(len(group) for group in groups)
    index = torch.zeros(len(groups), width, dtype=torch.int64, device=task.device)
    for position, group in enumerate(groups):
        index[position, : len(group)] = group
    inputs = {part: array[index] for part, array in rows.inputs.items()}
    sizes = torch.tensor([len(group) for group in groups])
    raw = average_members(
        network, network(network.with_members({name: SourceBatch(inputs, sizes=sizes)}))
    )
    scores = {key: raw[key].new_zeros(rows.n_rows, *raw[key].shape[2:]) for key in raw}
    for block in network.blocks:
        for column, task_name in enumerate(block.tasks_in(name)):
            group = groups[names.index(task_name)]
            scores[name, block.name][group] = raw[name, block.name][: len(group), column]
    return scores
