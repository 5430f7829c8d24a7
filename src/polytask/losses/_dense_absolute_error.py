"""Absolute errors of the numbers of an image's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.losses._dense_error import DenseError
from polytask.tasks import DenseNumbers, Kind

__all__ = ["DenseAbsoluteError"]


@dataclass(frozen=True)
class DenseAbsoluteError(DenseError):
    """Absolute errors of all labelled numbers of a row's pixels, in deviations, added up.

    The usual loss of depth beside segmentation (Liu et al., CVPR 2019).

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import DenseAbsoluteError
    >>> scores, labelled = torch.zeros(1, 1, 1, 3), torch.tensor([[[True, True, False]]])
    >>> DenseAbsoluteError().rowwise(scores, torch.tensor([[[2.0, -1.0, 9.0]]]), labelled, {})
    tensor([3.])
    """

    default_for: ClassVar[tuple[type[Kind], ...]] = (DenseNumbers,)

    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Its absolute value."""
        return torch.abs(difference)
