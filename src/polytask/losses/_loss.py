"""The contract of a loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.tasks import FittedTarget, Kind

__all__ = ["Loss"]


class Loss(ABC):
    """How far raw scores are from labels, row by row; a frozen dataclass of plain arguments.

    Attributes
    ----------
    kinds : tuple of Kind classes
        The kinds it serves.
    default_for : tuple of Kind classes
        The kinds whose tasks get it unless they ask for another.
    """

    kinds: ClassVar[tuple[type[Kind], ...]]
    default_for: ClassVar[tuple[type[Kind], ...]] = ()
    named_by_class: ClassVar[bool] = True

    @abstractmethod
    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        classes: Float[Tensor, "*#rows classes"] | None = None,
    ) -> Float[Tensor, "*rows"]:
        """Loss of each row; whatever it is where nothing is labelled, it is finite.

        Parameters
        ----------
        scores : tensor of shape (..., size)
        values : tensor of shape (..., c)
            Encoded labels, 0 where missing.
        mask : tensor of shape (..., c)
            Which cells are labelled.
        classes : tensor broadcastable to (..., n_classes), optional
            Class weights of each row's task, from `class_weights`.
        """

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """How many labels each row counts for: 1 if any cell is labelled."""
        return mask.any(dim=-1).to(torch.float32)

    def class_weights(
        self, targets: Sequence[FittedTarget]
    ) -> Float[Tensor, "n_tasks classes"] | None:
        """Weights of the classes of each task, or None where all are one."""
        del targets
        return None
