"""The contract of a loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
    weighs_classes : bool
        Whether rows are multiplied by the weight of their class in the constant
        ``"class_weight"``, (n_tasks, n_classes), where there is one.
    """

    kinds: ClassVar[tuple[type[Kind], ...]]
    default_for: ClassVar[tuple[type[Kind], ...]] = ()
    weighs_classes: ClassVar[bool] = False
    named_by_class: ClassVar[bool] = True

    @abstractmethod
    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Loss of each row; whatever it is where nothing is labelled, it is finite.

        Parameters
        ----------
        scores : tensor of shape (..., size)
        values : tensor of shape (..., c)
            Encoded labels, 0 where missing.
        mask : tensor of shape (..., c)
            Which cells are labelled.
        constants : mapping of str to tensor
            What `constants` gave, each (n_tasks, ...) where rows carry several tasks, else
            (..., ...) with the constants of each row's own task.
        """

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """How many labels each row counts for: 1 if any cell is labelled."""
        return mask.any(dim=-1).to(torch.float32)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """What the loss needs of the fitted targets, by name; nothing by default.

        Parameters
        ----------
        targets : sequence of FittedTarget
            Of the block's tasks, in order.

        Returns
        -------
        mapping of str to tensor of shape (n_tasks, ...)
        """
        del targets
        return {}
