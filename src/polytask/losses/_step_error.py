"""Base class of losses that add up a distance of numbers over the steps of a row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss
from polytask.tasks import Kind, StepNumbers

__all__ = ["StepError"]


class StepError(Loss):
    """The sum over a row's labelled steps of a distance of scores and labels, in deviations.

    A task's loss is the mean over its labelled steps, so that long rows weigh more than short ones.
    """

    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (StepNumbers,)

    @abstractmethod
    def distance(self, difference: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The distance of each number."""

    def rowwise(
        self,
        scores: Float[Tensor, "*rows l 1"],
        values: Float[Tensor, "*rows l"],
        mask: Bool[Tensor, "*rows l"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """The sum of each row."""
        del constants
        difference = torch.where(mask, scores.squeeze(-1) - values, 0.0)
        return self.distance(difference).sum(dim=-1)
