"""Absolute errors of the numbers of steps."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from polytask.losses._step_error import StepError

__all__ = ["StepAbsoluteError"]


@dataclass(frozen=True)
class StepAbsoluteError(StepError):
    """Absolute errors of all labelled steps of a row, in deviations, added up.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import StepAbsoluteError
    >>> scores, labelled = torch.zeros(1, 3, 1), torch.tensor([[True, True, False]])
    >>> StepAbsoluteError().rowwise(scores, torch.tensor([[2.0, -1.0, 9.0]]), labelled, {})
    tensor([3.])
    """

    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Its absolute value."""
        return difference.abs()
