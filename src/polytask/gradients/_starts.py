"""Where each task's backward pass starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge

__all__ = ["Start", "starts_at_features", "starts_at_losses"]

Start = tuple[Sequence[Any], Sequence[Tensor] | None]
"""What a backward pass starts from, and the signals it starts with."""

_AT_ONCE = 64


def starts_at_losses(losses: Float[Tensor, " n_tasks"], rows: Sequence[int]) -> Iterator[Start]:
    """A start a task, below the operation that stacked the losses if there is one.

    A backward pass from ``stack(losses)[k]`` would visit every task's head with zeros.
    """
    node: Any = losses.grad_fn
    stack = node is not None and node.name() == "StackBackward0"
    for row in rows:
        edge = node.next_functions[row] if stack else (None, 0)
        yield [losses[row] if edge[0] is None else GradientEdge(*edge)], None


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
