"""Log loss in which labels that are predicted well count less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, Optional, check_parameters
from polytask.exceptions import ParameterError
from polytask.losses._class_weight_table import (
    CLASS_WEIGHT,
    CLASS_WEIGHT_CONSTANT,
    ClassWeight,
    class_weight_constants,
)
from polytask.losses._label_cells import label_log_probabilities, label_weights
from polytask.losses._loss import Loss
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Tokens

__all__ = ["FocalLoss"]

_CERTAIN = -1e-7
"""Log-probabilities nearer to 0 leave nothing of a label's factor, nor of its slope."""


@dataclass(frozen=True)
class FocalLoss(Loss):
    r"""Log loss in which labels that are predicted well count less, for rare classes.

    .. math:: \ell = -\sum_{j \in O} c_{y_j} \alpha_{y_j} (1 - p_j)^\gamma \log p_j

    with the predicted probability p of the true class of each labelled cell (one, or one per
    column or step), its class weight c, and :math:`\alpha_1 = \alpha`, :math:`\alpha_0 = 1 - \alpha`.
    With :math:`\gamma = 0` it is the log loss.

    Parameters
    ----------
    gamma : float, default 2.0
        How fast labels that are predicted well lose their weight.
    alpha : float in (0, 1), optional
        Weight of the positive class or of a label that is present, beside 1 - alpha of the other;
        None for equal weights. The paper has 0.25 beside a gamma of 2. Several classes are
        weighed by `class_weight`.
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training rows.

    Notes
    -----
    Probabilities learned so are less sure than those of the log loss (nearer to ½): check their
    calibration, or choose a threshold on validation rows. Estimators learn without it.

    References
    ----------
    Lin, Goyal, Girshick, He & Dollár, "Focal loss for dense object detection", ICCV 2017.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import FocalLoss
    >>> scores, values = torch.tensor([[0.0], [2.0]]), torch.ones(2, 1)
    >>> FocalLoss().rowwise(scores, values, torch.ones(2, 1, dtype=torch.bool), {})
    tensor([0.1733, 0.0018])
    """

    gamma: float = 2.0
    alpha: float | None = None
    class_weight: ClassWeight = None

    weighs_classes: ClassVar[bool] = True
    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary, Multiclass, Multilabel, Tokens)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "gamma": Interval(float, 0.0, closed="left"),
        "alpha": Optional(Interval(float, 0.0, 1.0, closed="neither")),
        "class_weight": CLASS_WEIGHT,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "..."],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Focal loss of each row, the sum over its labelled cells."""
        logs = label_log_probabilities(scores, values)
        missed = -torch.expm1(logs.clamp(max=_CERTAIN))
        cells = -logs * missed.pow(self.gamma)
        if self.alpha is not None:
            cells = cells * (self.alpha * values + (1 - self.alpha) * (1 - values))
        if CLASS_WEIGHT_CONSTANT in constants:
            cells = cells * label_weights(constants[CLASS_WEIGHT_CONSTANT], scores, values)
        return torch.where(mask, cells, 0.0).sum(dim=-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, n_classes); none if all are 1."""
        several = next((target for target in targets if len(target.classes) > 2), None)
        if self.alpha is not None and several is not None:
            sentence = (
                "The `alpha` parameter of FocalLoss must be None for targets of more than two classes, "
                f"such as {several.columns[0]!r} with {len(several.classes)}. Got {self.alpha} "
                "instead. Use `class_weight`."
            )
            raise ParameterError(sentence)
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
