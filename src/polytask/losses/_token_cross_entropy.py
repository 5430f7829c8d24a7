"""Log loss of the tags of a row's steps."""

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
from polytask.tasks import FittedTarget, Kind, Tokens

__all__ = ["TokenCrossEntropy"]


@dataclass(frozen=True)
class TokenCrossEntropy(Loss):
    r"""Log loss of the tag of every labelled step, added up over a row.

    .. math:: \ell = -\sum_{t \in O} c_{y_t} \sum_j q_{tj} \log \mathrm{softmax}(s_t)_j,
              \quad q_t = (1 - \varepsilon) e_{y_t} + \varepsilon / C

    with the labelled steps O, scores s, tags y of C, class weights c and label smoothing
    :math:`\varepsilon`. A task's loss is the mean over its labelled steps, so that long rows weigh more than short ones.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default 0.0
    class_weight : None, "balanced" or mapping of tag to float
        ``"balanced"`` gives each tag the same total weight over the training rows.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import TokenCrossEntropy
    >>> scores = torch.zeros(1, 3, 2)
    >>> labelled = torch.tensor([[True, True, False]])
    >>> TokenCrossEntropy().rowwise(scores, torch.zeros(1, 3), labelled, {})
    tensor([1.3863])
    """

    label_smoothing: float = 0.0
    class_weight: ClassWeight = field(default=None, metadata={"omit_default": True})

    weighs_classes: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
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
        """Log loss of each row, the sum over its labelled steps."""
        logs = torch.log_softmax(scores, dim=-1)
        steps = -logs.gather(-1, values.long().unsqueeze(-1)).squeeze(-1)
        if self.label_smoothing:
            steps = (1 - self.label_smoothing) * steps - self.label_smoothing * logs.mean(dim=-1)
        if CLASS_WEIGHT_CONSTANT in constants:
            steps = steps * label_weights(constants[CLASS_WEIGHT_CONSTANT], scores, values)
        return torch.where(mask, steps, 0.0).sum(dim=-1)

    def counts(self, mask: Bool[Tensor, "*rows c"]) -> Float[Tensor, "*rows"]:
        """The labelled steps."""
        return mask.sum(dim=-1).to(torch.float32)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """`class_weight` (n_tasks, n_tags); none if all are 1."""
        return class_weight_constants(type(self).__name__, self.class_weight, targets)
