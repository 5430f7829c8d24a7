"""Checks of what a user's network gives: its class, the form and shapes of its scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from polytask.architectures import Architecture, MultiTaskModule
from polytask.data import Batch, Block, SourceBatch
from polytask.encoders import State
from polytask.exceptions import ParameterError

__all__ = ["check_features", "check_network", "check_scores"]


def check_network(architecture: Architecture, network: object) -> None:
    """Raise unless an architecture built a network of tasks.

    Raises
    ------
    ParameterError
    """
    if not isinstance(network, MultiTaskModule):
        sentence = (
            f"`build` of {type(architecture).__name__} must return a MultiTaskModule. Got "
            f"{_described(network)} instead; extend polytask.architectures.MultiTaskModule."
        )
        raise ParameterError(sentence)


def check_features(network: MultiTaskModule, features: object) -> None:
    """Raise unless a network's features are states of sources.

    Raises
    ------
    ParameterError
        Names the network's class, and what came.
    """
    kind = type(network).__name__
    start = f"`features` of {kind} must return a mapping of source name to State."
    if not isinstance(features, Mapping):
        raise ParameterError(f"{start} Got {_described(features)} instead.")
    for source, state in features.items():
        if not isinstance(state, State):
            remedy = "Wrap values as State(values)." if isinstance(state, Tensor) else ""
            sentence = f"{start} Got {_described(state)} for source {source!r} instead. {remedy}"
            raise ParameterError(sentence.rstrip())


def check_scores(network: MultiTaskModule, raw: object, batch: Batch) -> None:
    """Raise unless there are scores of the right shape for every source and block of a batch.

    Raises
    ------
    ParameterError
        Names the network's class, the source, the block, and the expected and given shape.
    """
    kind = type(network).__name__
    if not isinstance(raw, Mapping):
        sentence = (
            f"{kind} must give a mapping of (source, block name) to scores. Got {_described(raw)} "
            "instead; `polytask.architectures.Heads` makes one."
        )
        raise ParameterError(sentence)
    expected: dict[Any, tuple[Block, SourceBatch]] = {
        (source, block.name): (block, rows)
        for source, rows in batch.items()
        for block in network.blocks
        if block.tasks_in(source)
    }
    for key, (block, rows) in expected.items():
        where = f"for block {key[1]!r} of source {key[0]!r} ({_named(block, key[0])})"
        if key not in raw:
            got = ", ".join(map(str, raw)) or "none"
            raise ParameterError(f"{kind} must give scores {where}. Got those of {got} alone.")
        _check_shape(kind, where, raw[key], block, key[0], rows)
    for key in raw:
        if key not in expected:
            sentence = (
                f"{kind} must give scores only of blocks that sources of the batch label. Got "
                f"scores of {key} beside those of {', '.join(map(str, expected))}."
            )
            raise ParameterError(sentence)


def _check_shape(
    kind: str, where: str, scores: object, block: Block, source: str, rows: SourceBatch
) -> None:
    """Raise unless scores are (n, n_tasks, …), or (n, …) where each row has one task."""
    heads = () if rows.task is not None else (len(block.tasks_in(source)),)
    n_rows = rows.n_rows * rows.members
    shape = (n_rows, *heads, block.size)
    fitting = {shape, (n_rows, *heads, *block.score_shape)}
    if not isinstance(scores, Tensor) or tuple(scores.shape) not in fitting:
        got = _described(scores) if not isinstance(scores, Tensor) else tuple(scores.shape)
        axes = "(rows, tasks, scores)" if heads else "(rows, scores), since each row has one task"
        sentence = f"{kind} must give scores of shape {shape} {where}, {axes}. Got {got} instead."
        raise ParameterError(sentence)


def _named(block: Block, source: str, most: int = 3) -> str:
    names = block.tasks_in(source)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")


def _described(value: object) -> str:
    """A tensor by its shape, anything else by its class."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return "None" if value is None else f"an instance of {type(value).__name__}"
