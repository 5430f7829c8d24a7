"""Base class of losses that add up a distance of numbers over an image's pixels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss
from polytask.tasks import DenseNumbers, Kind

__all__ = ["DenseError"]


class DenseError(Loss):
    """The sum over a row's labelled pixels and channels of a distance of scores and labels.

    Both are in deviations of the training pixels. A task's loss is the mean over its labelled
    numbers.
    """

    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (DenseNumbers,)

    @abstractmethod
    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The distance of each number."""

    def rowwise(
        self,
        scores: Float[Tensor, "*rows c h w"],
        values: Float[Tensor, "..."],
        mask: Bool[Tensor, "..."],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """The sum of each row."""
        del constants
        distances = self.distance(scores.reshape(values.shape) - values)
        return torch.where(mask, distances, 0.0).flatten(scores.ndim - 3).sum(dim=-1)
