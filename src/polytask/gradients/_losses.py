"""Losses as engines take them: one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["stacked"]


def stacked(losses: Tensor | Sequence[Tensor]) -> Tensor:
    """The losses as one tensor with an entry a task."""
    if isinstance(losses, list | tuple) and losses and all(map(_is_scalar, losses)):
        return torch.stack(list(losses))
    if isinstance(losses, Tensor) and losses.ndim == 1:
        return losses
    expected = "a tensor of shape (n_tasks,) or a sequence of scalars"
    raise ParameterError(message("backward", "losses", expected, losses))


def _is_scalar(loss: object) -> bool:
    return isinstance(loss, Tensor) and loss.ndim == 0
