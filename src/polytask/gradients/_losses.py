"""Losses as engines take them: one scalar a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["separate", "stacked"]


def stacked(losses: Tensor | Sequence[Tensor]) -> Tensor:
    """The losses as one tensor with an entry a task."""
    if isinstance(losses, list | tuple) and losses and all(map(_is_scalar, losses)):
        return torch.stack(list(losses))
    if isinstance(losses, Tensor) and losses.ndim == 1:
        return losses
    expected = "a tensor of shape (n_tasks,) or a sequence of scalars"
    raise ParameterError(message("backward", "losses", expected, losses))


def separate(losses: Tensor, rows: Sequence[int]) -> list[Any]:
    """A root a task for backward passes, below the operation that stacked them if there is one.

    A backward pass from ``stack(losses)[k]`` would visit every task's head with zeros.
    """
    node: Any = losses.grad_fn
    if node is None or node.name() != "StackBackward0":
        return [losses[row] for row in rows]
    below = [edge[0] and GradientEdge(*edge) for edge in node.next_functions]
    return [losses[row] if below[row] is None else below[row] for row in rows]


def _is_scalar(loss: object) -> bool:
    return isinstance(loss, Tensor) and loss.ndim == 0
