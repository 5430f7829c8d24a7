"""A data set's rows as arrays, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask.data.encoding._batch import BlockTargets, EncodedSource
from polytask.data.encoding._block import Block
from polytask.data.encoding._schema import Schema
from polytask.data.sources import Source, unit_weights
from polytask.tasks import TaskSet

__all__ = ["encode"]


def encode(
    sources: Sequence[Source],
    tasks: TaskSet,
    schemas: Mapping[str, Schema],
    blocks: Sequence[Block],
) -> dict[str, EncodedSource]:
    """Encode inputs and, where there are any, labels of every source.

    Row weights are scaled to the mean 1 over the labelled rows of each task; where some sources
    have none, their rows weigh 1.

    Parameters
    ----------
    sources : sequence of Source
    tasks : TaskSet
    schemas : mapping of source name to Schema
    blocks : sequence of Block

    Returns
    -------
    dict of source name to EncodedSource
    """
    encoded = {}
    weights = _weights(sources, tasks)
    for source in sources:
        schema = schemas[source.name]
        carried = [block for block in blocks if source.name in block.sources]
        own = weights.get(source.name)
        targets = {block.name: _targets(source, tasks, block, own) for block in carried}
        encoded[source.name] = EncodedSource(schema.encode(source), targets, source.n_rows)
    return encoded


def _weights(sources: Sequence[Source], tasks: TaskSet) -> dict[str, dict[str, np.ndarray]]:
    """Weights of every task's labelled rows, by source and task; {} where all weigh 1."""
    labelled = [source for source in sources if source.labels is not None]
    if all(source.weights is None for source in labelled):
        return {}
    found: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in labelled}
    for name in tasks.names:
        for source, weights in unit_weights(labelled, name).items():
            found[source][name] = weights
    plain = all((one == 1).all() for by_task in found.values() for one in by_task.values())
    return {} if plain else found


def _targets(
    source: Source, tasks: TaskSet, block: Block, weights: Mapping[str, np.ndarray] | None
) -> BlockTargets:
    task = _task_positions(source, block) if block.own_rows else None
    if source.labels is None:
        return BlockTargets(None, None, task)
    heads = () if block.own_rows else (len(block.tasks),)
    shape = (source.n_rows, *heads, block.n_columns)
    values = np.full(shape, np.nan, dtype=np.float32)
    weight = None if weights is None else np.ones(shape[:-1], dtype=np.float32)
    for position, (name, fitted) in enumerate(zip(block.tasks, block.targets, strict=True)):
        if name not in source.tasks.names:
            continue
        rows = source.labels.rows(name)
        columns = list(source.labels.columns(name).values())
        codes = tasks[name].known_kind.encode(columns, fitted)
        places = rows if block.own_rows else (rows, position)
        values[places] = codes
        if weight is not None and weights is not None:
            weight[places] = weights[name]
    mask = np.isfinite(values)
    return BlockTargets(np.where(mask, values, np.float32(0)), mask, task, weight)


def _task_positions(source: Source, block: Block) -> np.ndarray:
    """Position in the block of each row's task; rows of a task outside it get 0."""
    if source.task_index is None:
        position = next(i for i, name in enumerate(block.tasks) if name in source.tasks.names)
        return np.full(source.n_rows, position, dtype=np.int64)
    place = {name: position for position, name in enumerate(block.tasks)}
    positions = np.array([place.get(name, 0) for name in source.tasks.names])
    return positions[np.maximum(source.task_index, 0)].astype(np.int64)
