"""Base class of log losses of a class in each of many cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._class_weight_table import (
    CLASS_WEIGHT,
    CLASS_WEIGHT_CONSTANT,
    ClassWeight,
    class_weight_constants,
)
from polytask.losses._label_cells import label_weights
from polytask.losses._loss import Loss
from polytask.tasks import FittedTarget

__all__ = ["CellCrossEntropy"]


@dataclass(frozen=True)
class CellCrossEntropy(Loss):
    r"""Log loss of the class of every labelled cell, added up over a row.

    .. math:: \ell = -\sum_{t \in O} c_{y_t} \sum_j q_{tj} \log \mathrm{softmax}(s_t)_j,
              \quad q_t = (1 - \varepsilon) e_{y_t} + \varepsilon / C

    with the labelled cells O, scores s, classes y of C, class weights c and label smoothing
    :math:`\varepsilon`. A task's loss is the mean over its labelled cells.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training cells.
    """

    label_smoothing: float = 0.0
    class_weight: ClassWeight = field(default=None, metadata={"omit_default": True})

    counts_cells: ClassVar[bool] = True
    weighs_classes: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "label_smoothing": Interval(float, 0.0, 1.0, closed="left"),
        "class_weight": CLASS_WEIGHT,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows l c"],
        values: Float[Tensor, "*rows l"],
        mask: Bool[Tensor, "*rows l"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row, the sum over its labelled cells."""
        logs = torch.log_softmax(scores, dim=-1)
        cells = -logs.gather(-1, values.long().unsqueeze(-1)).squeeze(-1)
        if self.label_smoothing:
            cells = (1 - self.label_smoothing) * cells - self.label_smoothing * logs.mean(dim=-1)
        if CLASS_WEIGHT_CONSTANT in constants:
            cells = cells * label_weights(constants[CLASS_WEIGHT_CONSTANT], scores, values)
        return torch.where(mask, cells, 0.0).sum(dim=-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, n_classes); none if all are 1."""
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
