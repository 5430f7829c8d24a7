"""Roots of the tasks' backward passes: their losses, or features below fused heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge

__all__ = ["Root", "find_stack", "node_of_task", "roots_at_features", "roots_at_losses"]

Root = tuple[Sequence[Any], Sequence[Tensor] | None]
"""The outputs that a task's backward pass starts from, and their signals."""

_CHUNK = 64


def find_stack(losses: Float[Tensor, " n_tasks"]) -> tuple[Any, Tensor] | None:
    """The node that stacked separate losses, and the factors that multiplied them afterwards.

    None where there is no such node.
    """
    path = _path_to_stack(losses)
    if path is None:
        return None
    factors = torch.ones_like(losses.detach())
    for node in path[:-1]:
        first_is_constant = node.next_functions[0][0] is None
        factors = factors * (node._saved_self if first_is_constant else node._saved_other)  # noqa: SLF001
    return path[-1], factors


def node_of_task(losses: Float[Tensor, " n_tasks"], task: int) -> Any:
    """The node that computed one task's loss, as far as losses were separate; also once used."""
    path = _path_to_stack(losses)
    return losses.grad_fn if path is None else path[-1].next_functions[task][0]


def _path_to_stack(losses: Float[Tensor, " n_tasks"]) -> list[Any] | None:
    """Products with constants, and below them the node that stacked the losses."""
    path: list[Any] = []
    node: Any = losses.grad_fn
    while node is not None and node.name() == "MulBackward0":
        (first, _), (second, _) = node.next_functions
        if (first is None) == (second is None):
            return None
        path.append(node)
        node = second if first is None else first
    if node is None or node.name() != "StackBackward0":
        return None
    return [*path, node] if len(node.next_functions) == len(losses) else None


def roots_at_losses(losses: Float[Tensor, " n_tasks"], tasks: Sequence[int]) -> Iterator[Root]:
    """One root per task, below the node that stacked the losses if there is one.

    A backward pass from ``stack(losses)[k]`` would visit every task's head with zeros.
    """
    stack = find_stack(losses)
    for task in tasks:
        edge = (None, 0) if stack is None else stack[0].next_functions[task]
        if stack is None or edge[0] is None:
            yield [losses[task]], None
        else:
            yield [GradientEdge(*edge)], [stack[1][task]]


def roots_at_features(losses: Float[Tensor, " k"], features: Sequence[Tensor]) -> Iterator[Root]:
    """One root per task at the features: many tasks pass the heads together."""
    identity = torch.eye(len(losses), dtype=losses.dtype, device=losses.device)
    for chunk in torch.split(identity, _CHUNK):
        signals = _signals(losses, features, chunk)
        reached = [
            (feature, signal)
            for feature, signal in zip(features, signals, strict=True)
            if signal is not None
        ]
        for task in range(len(chunk)):
            yield [feature for feature, _ in reached], [signal[task] for _, signal in reached]


def _signals(
    losses: Tensor, features: Sequence[Tensor], chunk: Float[Tensor, "c k"]
) -> Sequence[Tensor | None]:
    """Gradients of a chunk of the tasks at the features, along a first axis."""
    options: Any = {"retain_graph": True, "allow_unused": True}
    try:
        return torch.autograd.grad(losses, features, chunk, is_grads_batched=True, **options)
    except RuntimeError:  # an operation without a batched form
        per_task = [torch.autograd.grad(losses, features, row, **options) for row in chunk]
        per_feature = zip(*per_task, strict=True)
        return [None if signals[0] is None else torch.stack(signals) for signals in per_feature]
