"""Checked access to the tasks and losses that a step serves."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.gradients import Served

__all__ = ["present_losses", "require_losses", "served_or_all"]


def served_or_all(served: Served | None, count: int, device: torch.device) -> Served:
    """The given `Served`, or one with all tasks present."""
    return Served.all_of(count, device) if served is None else served


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
