"""Squared errors of the numbers of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.losses._step_error import StepError
from polytask.tasks import Kind, StepNumbers

__all__ = ["StepSquaredError"]


@dataclass(frozen=True)
class StepSquaredError(StepError):
    """Squared errors of all labelled steps of a row, in deviations, added up.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import StepSquaredError
    >>> scores, labelled = torch.zeros(1, 3, 1), torch.tensor([[True, True, False]])
    >>> StepSquaredError().rowwise(scores, torch.tensor([[2.0, -1.0, 9.0]]), labelled, {})
    tensor([5.])
    """

    default_for: ClassVar[tuple[type[Kind], ...]] = (StepNumbers,)

    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Its square."""
        return torch.square(difference)
