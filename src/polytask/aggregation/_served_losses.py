"""Checked access to the tasks and losses that a step serves."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.gradients import Served

__all__ = ["present_losses", "require_losses", "require_same_tasks", "served_or_all"]


def served_or_all(served: Served | None, count: int, device: torch.device) -> Served:
    """The given `Served`, or one with all tasks present."""
    return Served.all_of(count, device) if served is None else served


def require_same_tasks(owner: object, served: Served, state: Tensor) -> None:
    """Raise unless there are as many tasks, absent ones included, as the state has rows."""
    count, expected_count = len(served.present), len(state)
    if count != expected_count:
        expected = f"losses of {expected_count} tasks, as in the steps before"
        remedy = (
            f"Give all tasks' losses in one order, with `present`, or call start({count}) anew."
        )
        raise ParameterError(message(type(owner).__name__, "losses", expected, count, remedy))


def require_losses(owner: str, served: Served | None) -> tuple[Served, Float64[Tensor, " k"]]:
    """The given `Served`, which must have losses, and the losses of the tasks present."""
    if served is None or served.losses is None:
        expected = "a Served with losses"
        remedy = "Give Served(present, losses) as second argument."
        raise ParameterError(message(owner, "served", expected, served, remedy))
    return served, served.losses.detach().double()[served.indices]


def present_losses(owner: str, served: Served | None) -> Float64[Tensor, " k"]:
    """Losses of the tasks present, which must have been served."""
    return require_losses(owner, served)[1]
