"""Encoding of a data set's rows as arrays, per block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask.data.encoding._batch import BlockTargets, SourceBatch
from polytask.data.encoding._block import Block
from polytask.data.encoding._check_pixels import check_pixels
from polytask.data.encoding._check_steps import (
    check_labelled_steps,
    cut,
    read_steps,
    steps_of_labels,
)
from polytask.data.encoding._schema import Schema
from polytask.data.sources import Source, unit_weights
from polytask.tasks import TaskSet

__all__ = ["encode"]


def encode(
    sources: Sequence[Source],
    tasks: TaskSet,
    schemas: Mapping[str, Schema],
    blocks: Sequence[Block],
) -> dict[str, SourceBatch]:
    """Encode the inputs and labels, if any, of every source.

    Row weights are scaled to a mean of 1 over the labelled rows of each task; rows of sources
    without weights have weight 1.

    Parameters
    ----------
    sources : sequence of Source
    tasks : TaskSet
    schemas : mapping of source name to Schema
    blocks : sequence of Block

    Returns
    -------
    dict of source name to SourceBatch
    """
    weights = _weights(sources, tasks)
    return {
        source.name: _encoded(source, tasks, schemas[source.name], blocks, weights.get(source.name))
        for source in sources
    }


def _encoded(
    source: Source,
    tasks: TaskSet,
    schema: Schema,
    blocks: Sequence[Block],
    weights: Mapping[str, np.ndarray] | None,
) -> SourceBatch:
    inputs = schema.encode(source)
    targets = _encode_targets(source, tasks, blocks, weights)
    for block in blocks if targets else ():
        if block.has_pixels and source.name in block.sources:
            check_pixels(block.tasks_in(source.name)[0], schema)
        if targets and block.has_steps and source.name in block.sources:
            _check_steps(source, schema, block, inputs, targets[block.name].mask)
            n_steps = read_steps(schema, inputs)
            targets[block.name] = cut(targets[block.name], block.target_shape[0], n_steps)
    return SourceBatch(inputs, _task_positions(source, tasks), targets)


def _check_steps(
    source: Source,
    schema: Schema,
    block: Block,
    inputs: Mapping[str, np.ndarray],
    mask: np.ndarray,
) -> None:
    labels, own_rows = source.labelled(), source.name in block.own_rows
    for position, name in enumerate(block.tasks_in(source.name)):
        part, rows = steps_of_labels(name, schema), labels.rows(name)
        if part is None:
            continue
        columns = list(labels.columns(name).values())
        fitted = block.targets[block.tasks.index(name)]
        truth, encoded = block.kind.truth(columns, fitted), mask if own_rows else mask[:, position]
        longer = ~np.isnan(truth[:, -1]) & ~encoded[rows, -1]  # perhaps, or an unseen label
        check_labelled_steps(name, source, part, inputs[part][rows], truth, longer, rows)


def _weights(sources: Sequence[Source], tasks: TaskSet) -> dict[str, dict[str, np.ndarray]]:
    """Weights of labelled rows by source and task; empty if all are 1."""
    labelled = [source for source in sources if source.labels is not None]
    if all(source.weights is None for source in labelled):
        return {}
    by_source: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in labelled}
    for name in tasks.names:
        for source, weights in unit_weights(labelled, name).items():
            by_source[source][name] = weights
    plain = all((w == 1).all() for by_task in by_source.values() for w in by_task.values())
    return {} if plain else by_source


def _task_positions(source: Source, tasks: TaskSet) -> np.ndarray | None:
    """Position in the task set of each row's task, if it has one; 0 if it is unknown."""
    if source.task_index is None:
        return None
    positions = np.array([tasks.index(name) for name in source.tasks.names])
    return positions[np.maximum(source.task_index, 0)].astype(np.int64)


def _encode_targets(
    source: Source,
    tasks: TaskSet,
    blocks: Sequence[Block],
    weights: Mapping[str, np.ndarray] | None,
) -> dict[str, BlockTargets] | None:
    if source.labels is None:
        return None
    carried = [block for block in blocks if source.name in block.sources]
    return {block.name: _block_targets(source, tasks, block, weights) for block in carried}


def _block_targets(
    source: Source, tasks: TaskSet, block: Block, weights: Mapping[str, np.ndarray] | None
) -> BlockTargets:
    names, own_rows = block.tasks_in(source.name), source.name in block.own_rows
    heads = () if own_rows else (len(names),)
    shape = (source.n_rows, *heads, block.n_cells)
    values = np.full(shape, np.nan, dtype=np.float32)
    weight = None if weights is None else np.ones((source.n_rows, *heads), dtype=np.float32)
    labels = source.labelled()
    for position, name in enumerate(names):
        if name not in source.tasks.names:
            continue
        rows = labels.rows(name)
        columns = list(labels.columns(name).values())
        fitted = block.targets[block.tasks.index(name)]
        cells = rows if own_rows else (rows, position)
        encoded = tasks[name].known_kind.encode(columns, fitted)
        values[cells] = encoded.reshape(len(rows), block.n_cells)
        if weight is not None and weights is not None:
            weight[cells] = weights[name]
    mask = np.isfinite(values)
    return BlockTargets(np.where(mask, values, np.float32(0)), mask, weight)
