"""Scores, labels and constants to try a loss with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from polytask.exceptions import DataError
from polytask.losses import ListwiseLoss, Loss
from polytask.tasks import FittedTarget
from polytask.testing._examples import OWNER, KindExample

__all__ = ["LossCase", "cast", "row_losses"]


class LossCase:
    """Scores and labels of an example, in double precision.

    Attributes
    ----------
    scores : tensor of shape (n, *score_shape)
    values, mask : tensors of shape (n, *target_shape)
    constants : mapping of str to tensor of shape (1, ...)
        Of the example's task.
    labelled : tensor of shape (n,)
        Whether any cell of the row is labelled.
    """

    def __init__(self, loss: Loss, example: KindExample) -> None:
        self.loss, self.example = loss, example
        self.name = f"{type(loss).__name__} on {example.kind.name}"
        encoded = torch.from_numpy(example.encoded).double()
        self.mask = ~encoded.isnan()
        self.values = encoded.nan_to_num(0.0)
        self.labelled = self.mask.flatten(1).any(dim=-1)
        generator = torch.Generator().manual_seed(2)
        shape = (len(encoded), *example.score_shape)
        self.scores = torch.randn(shape, generator=generator, dtype=torch.float64)
        self.constants = cast(loss.constants([example.fitted]), torch.float64)

    def rows(
        self,
        scores: Tensor | None = None,
        values: Tensor | None = None,
        constants: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Row losses (n,), for other scores, values or constants."""
        scores = self.scores if scores is None else scores
        values = self.values if values is None else values
        constants = self.constants if constants is None else constants
        return row_losses(self.loss, scores, values, self.mask, constants)

    def other_target(self) -> FittedTarget:
        """What the kind learns of the first half of the rows; of all where shapes would differ."""
        kind, fitted = self.example.kind, self.example.fitted
        half = {name: column[: len(column) // 2] for name, column in self.example.columns.items()}
        try:
            other = kind.fit(OWNER, half)
        except DataError:
            return fitted
        alike = (
            other.classes == fitted.classes
            and kind.score_shape(other) == kind.score_shape(fitted)
            and kind.target_shape(other) == kind.target_shape(fitted)
        )
        return other if alike else fitted

    def shuffled(self, cell: int, seed: int) -> Tensor:
        """Values whose labels in one cell have changed places among the rows."""
        values = self.values.flatten(1).clone()
        labelled = self.mask.flatten(1)[:, cell]
        order = np.random.default_rng(seed).permutation(int(labelled.sum()))
        values[labelled, cell] = values[labelled, cell][torch.from_numpy(order)]
        return values.reshape(self.values.shape)


def row_losses(
    loss: Loss, scores: Tensor, values: Tensor, mask: Tensor, constants: Mapping[str, Tensor]
) -> Tensor:
    """Losses of rows (n, …) of one task, with constants of shape (1, …)."""
    if isinstance(loss, ListwiseLoss):
        return loss.rowwise(scores[:, None], values[:, None], mask[:, None], constants)[:, 0]
    of_rows = {
        name: constant.expand(len(scores), *constant.shape[1:])
        for name, constant in constants.items()
    }
    return loss.rowwise(scores, values, mask, of_rows)


def cast(constants: Mapping[str, Tensor], dtype: torch.dtype) -> Mapping[str, Tensor]:
    """Constants whose floating-point numbers have another precision."""
    return {
        name: constant.to(dtype) if constant.is_floating_point() else constant
        for name, constant in constants.items()
    }
