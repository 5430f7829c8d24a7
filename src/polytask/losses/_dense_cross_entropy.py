"""Log loss of the classes of an image's pixels."""

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
from polytask.tasks import DenseClasses, FittedTarget, Kind

__all__ = ["DenseCrossEntropy"]


@dataclass(frozen=True)
class DenseCrossEntropy(Loss):
    r"""Log loss of the class of every labelled pixel, added up over a row.

    .. math:: \ell = -\sum_{p \in O} c_{y_p} \sum_j q_{pj} \log \mathrm{softmax}(s_p)_j,
              \quad q_p = (1 - \varepsilon) e_{y_p} + \varepsilon / C

    with the labelled pixels O, scores s, classes y of C, class weights c and label smoothing
    :math:`\varepsilon`. A task's loss is the mean over its labelled pixels.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0
    class_weight : None, "balanced" or mapping of class to float
        ``"balanced"`` gives each class the same total weight over the training pixels.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import DenseCrossEntropy
    >>> scores = torch.zeros(1, 2, 1, 3)
    >>> labelled = torch.tensor([[[True, True, False]]])
    >>> DenseCrossEntropy().rowwise(scores, torch.zeros(1, 1, 3), labelled, {})
    tensor([1.3863])
    """

    label_smoothing: float = 0.0
    class_weight: ClassWeight = None

    weighs_classes: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "label_smoothing": Interval(float, 0.0, 1.0, closed="left"),
        "class_weight": CLASS_WEIGHT,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows c h w"],
        values: Float[Tensor, "*rows h w"],
        mask: Bool[Tensor, "*rows h w"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Log loss of each row, the sum over its labelled pixels."""
        logs = torch.log_softmax(scores, dim=-3)
        pixels = -logs.gather(-3, values.long().unsqueeze(-3)).squeeze(-3)
        if self.label_smoothing:
            pixels = (1 - self.label_smoothing) * pixels - self.label_smoothing * logs.mean(dim=-3)
        if CLASS_WEIGHT_CONSTANT in constants:
            by_class = constants[CLASS_WEIGHT_CONSTANT][..., None, None].expand_as(scores)
            pixels = pixels * by_class.gather(-3, values.long().unsqueeze(-3)).squeeze(-3)
        return torch.where(mask, pixels, 0.0).sum(dim=(-2, -1))

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """The labelled pixels."""
        return mask.sum(dim=-1).to(torch.float32)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, n_classes); none if all are 1."""
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
