"""Squared errors of the numbers of an image's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.losses._dense_error import DenseError

__all__ = ["DenseSquaredError"]


@dataclass(frozen=True)
class DenseSquaredError(DenseError):
    """Squared errors of all labelled numbers of a row's pixels, in deviations, added up.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import DenseSquaredError
    >>> scores, labelled = torch.zeros(1, 1, 1, 3), torch.tensor([[[True, True, False]]])
    >>> DenseSquaredError().rowwise(scores, torch.tensor([[[2.0, -1.0, 9.0]]]), labelled, {})
    tensor([5.])
    """

    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Its square."""
        return torch.square(difference)
