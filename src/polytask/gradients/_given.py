"""What `backward` is given, checked and as engines take it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["check_present", "check_rows", "distinct", "stacked"]


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


def distinct(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Parameters that need gradients, those named several times once."""
    return list(dict.fromkeys(one for one in parameters if one.requires_grad))


def check_present(present: Tensor, n_tasks: int) -> None:
    """Refuse anything but an entry a task."""
    if present.shape != (n_tasks,):
        expected = f"a tensor of shape ({n_tasks},), as the losses"
        raise ParameterError(message("backward", "present", expected, present))


def check_rows(rows: Tensor, n_tasks: int, features: Sequence[Tensor] | None) -> None:
    """Refuse anything but the number of a task for every row."""
    whole = not (rows.is_floating_point() or rows.dtype == torch.bool)
    if rows.ndim != 1 or not whole or bool(((rows < 0) | (rows >= n_tasks)).any()):
        expected = f"a tensor of shape (n_rows,) of numbers from 0 to {n_tasks - 1}"
        raise ParameterError(message("backward", "rows", expected, rows))
    if features and all(len(one) != len(rows) for one in features):
        expected = f"one number for each of the {len(features[0])} rows that the features have"
        raise ParameterError(message("backward", "rows", expected, rows))
