"""Where each task's backward pass starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge

__all__ = ["Start", "stacked_apart", "starts_at_features", "starts_at_losses"]

Start = tuple[Sequence[Any], Sequence[Tensor] | None]
"""What a backward pass starts from, and the signals it starts with."""

_AT_ONCE = 64


def stacked_apart(losses: Float[Tensor, " n_tasks"]) -> tuple[Any, Tensor] | None:
    """The operation that stacked losses computed apart, and what they were multiplied by since.

    None where there is no such operation.
    """
    node: Any = losses.grad_fn
    factors = torch.ones_like(losses.detach())
    while node is not None and node.name() == "MulBackward0":
        (first, _), (second, _) = node.next_functions
        if (first is None) == (second is None):
            return None
        factors = factors * (node._saved_self if first is None else node._saved_other)  # noqa: SLF001
        node = second if first is None else first
    if node is None or node.name() != "StackBackward0":
        return None
    return (node, factors) if len(node.next_functions) == len(losses) else None


def starts_at_losses(losses: Float[Tensor, " n_tasks"], rows: Sequence[int]) -> Iterator[Start]:
    """A start a task, below the operation that stacked the losses if there is one.

    A backward pass from ``stack(losses)[k]`` would visit every task's head with zeros.
    """
    apart = stacked_apart(losses)
    for row in rows:
        edge = (None, 0) if apart is None else apart[0].next_functions[row]
        if apart is None or edge[0] is None:
            yield [losses[row]], None
        else:
            yield [GradientEdge(*edge)], [apart[1][row]]


def starts_at_features(losses: Float[Tensor, " k"], features: Sequence[Tensor]) -> Iterator[Start]:
    """Starts at what all heads share: the heads are passed once for many tasks together."""
    identity = torch.eye(len(losses), dtype=losses.dtype, device=losses.device)
    for some in torch.split(identity, _AT_ONCE):
        signals = _signals(losses, features, some)
        reached = [
            (one, signal)
            for one, signal in zip(features, signals, strict=True)
            if signal is not None
        ]
        for task in range(len(some)):
            yield [one for one, _ in reached], [signal[task] for _, signal in reached]


def _signals(losses: Tensor, features: Sequence[Tensor], some: Tensor) -> Sequence[Tensor | None]:
    """What some tasks send to the features, along a first axis."""
    options: Any = {"retain_graph": True, "allow_unused": True}
    try:
        return torch.autograd.grad(losses, features, some, is_grads_batched=True, **options)
    except RuntimeError:  # an operation without a batched form
        rows = [torch.autograd.grad(losses, features, one, **options) for one in some]
        columns = zip(*rows, strict=True)
        return [None if column[0] is None else torch.stack(column) for column in columns]
