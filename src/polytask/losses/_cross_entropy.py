"""Log loss of several exclusive classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from polytask.losses._loss import Loss
from polytask.tasks import FittedTarget, Kind, Multiclass

__all__ = ["CrossEntropy"]


@dataclass(frozen=True)
class CrossEntropy(Loss):
    r"""Log loss of one of several exclusive classes.

    .. math:: \ell = -c_y \sum_j q_j \log \mathrm{softmax}(s)_j,
              \quad q = (1 - \varepsilon) e_y + \varepsilon / C

    with scores s, class y of C, class weights c and label smoothing :math:`\varepsilon`.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training rows.
    label_smoothing : float in [0, 1), default 0.0

    Notes
    -----
    Class weights do not enter the normalisation, which counts labelled rows; PyTorch divides
    by the sum of weights instead.

    Examples
    --------
    >>> from polytask import Task
    >>> from polytask.losses import CrossEntropy
    >>> Task("grade", "multiclass", loss=CrossEntropy("balanced", label_smoothing=0.1)).loss
    CrossEntropy(class_weight='balanced', label_smoothing=0.1)
    """

    class_weight: ClassWeight = None
    label_smoothing: float = 0.0

    weighs_classes: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Multiclass,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Multiclass,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "class_weight": CLASS_WEIGHT,
        "label_smoothing": Interval(float, 0.0, 1.0, closed="left"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row."""
        del mask
        log_probabilities = torch.log_softmax(scores, dim=-1)
        code = values.long()
        cells = -log_probabilities.gather(-1, code).squeeze(-1)
        if self.label_smoothing:
            cells = (1 - self.label_smoothing) * cells
            cells = cells - self.label_smoothing * log_probabilities.mean(dim=-1)
        weights = constants.get(CLASS_WEIGHT_CONSTANT)
        if weights is None:
            return cells
        return cells * weights.expand_as(scores).gather(-1, code).squeeze(-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, n_classes); none if all are 1."""
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
