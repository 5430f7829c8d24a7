"""Log loss of a yes-or-no target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from polytask._validation import Constraint, check_parameters
from polytask.losses._class_weight_table import (
    CLASS_WEIGHT,
    CLASS_WEIGHT_CONSTANT,
    ClassWeight,
    class_weight_constants,
)
from polytask.losses._loss import Loss
from polytask.tasks import Binary, FittedTarget, Kind

__all__ = ["BinaryCrossEntropy"]


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    r"""Log loss of a yes-or-no target, from its log-odds.

    .. math:: \ell = -c_y \left(y \log \sigma(s) + (1 - y) \log(1 - \sigma(s))\right)

    with log-odds s, label y in {0, 1} and class weights c.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training rows.

    Notes
    -----
    Class weights do not enter the normalisation, which counts labelled rows; PyTorch divides
    by the sum of weights instead.

    Examples
    --------
    >>> from polytask import Task
    >>> from polytask.losses import BinaryCrossEntropy
    >>> Task("fraud", "binary", loss=BinaryCrossEntropy(class_weight={1: 20.0})).loss.class_weight
    {1: 20.0}
    """

    class_weight: ClassWeight = None

    weighs_classes: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Binary,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Binary,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"class_weight": CLASS_WEIGHT}

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
        cells = binary_cross_entropy_with_logits(scores, values, reduction="none").squeeze(-1)
        weights = constants.get(CLASS_WEIGHT_CONSTANT)
        if weights is None:
            return cells
        label = values.squeeze(-1)
        return cells * (weights[..., 1] * label + weights[..., 0] * (1 - label))

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, 2), of the negative and positive class; none if all are 1."""
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
