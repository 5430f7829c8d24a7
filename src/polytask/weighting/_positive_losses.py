"""Checks of methods that are defined for positive losses only."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["require_not_negative", "smallest"]


def require_not_negative(owner: str, losses: Float[Tensor, " n_tasks"]) -> None:
    """Raise unless every loss is at least 0; NaN passes, and is found by other checks."""
    if float(losses.detach().min()) < 0:
        remedy = "Choose a loss that is bounded below by 0, or another weighting."
        values = losses.tolist()
        raise ParameterError(message(owner, "losses", "at least 0 for every task", values, remedy))


def smallest(losses: Float[Tensor, " n_tasks"]) -> float:
    """The smallest positive normal number of the losses' type."""
    return torch.finfo(losses.dtype).tiny
