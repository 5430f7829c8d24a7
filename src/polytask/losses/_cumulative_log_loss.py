"""Log loss of ordered grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, check_parameters
from polytask.losses._class_weight_table import (
    CLASS_WEIGHT,
    CLASS_WEIGHT_CONSTANT,
    ClassWeight,
    class_weight_constants,
)
from polytask.losses._loss import Loss
from polytask.tasks import FittedTarget, Kind, Ordinal
from polytask.tasks._grade_scores import grade_log_probabilities, uniform_grade_scores

__all__ = ["CumulativeLogLoss"]


@dataclass(frozen=True)
class CumulativeLogLoss(Loss):
    r"""Log loss of one of several ordered grades, under cumulative logits.

    .. math:: \ell = -c_y \log(\sigma(a_{y-1}) - \sigma(a_y)),
              \quad \sigma(a_0) = 1, \quad \sigma(a_K) = 0

    with grade y of K, its class weight c and the logits :math:`a_k` of P(y > k), which `Ordinal`
    makes of the scores so that they fall with k.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping of grade to float
        ``"balanced"`` gives each grade the same total weight over the training rows.

    Notes
    -----
    This is the likelihood of McCullagh's model, where thresholds may depend on the inputs (see
    `Ordinal`); losses of the K − 1 questions “above k?” apart, as in CORAL, are not its sum. Class
    weights do not enter the normalisation, as in `CrossEntropy`.

    References
    ----------
    McCullagh, "Regression models for ordinal data", JRSS B 1980.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import CumulativeLogLoss
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("risk",), ("low", "mid", "high"), {"class_counts": (2.0, 1.0, 1.0)})
    >>> loss = CumulativeLogLoss()
    >>> grades = torch.tensor([[2.0], [0.0]])
    >>> constants = loss.constants([target])
    >>> rows = loss.rowwise(torch.zeros(2, 2), grades, torch.ones(2, 1, dtype=bool), constants)
    >>> (-rows).exp()
    tensor([0.3333, 0.3333])
    """

    class_weight: ClassWeight = None

    weighs_classes: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
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
        log_probabilities = grade_log_probabilities(scores + constants["origin"])
        code = values.long()
        rows = -log_probabilities.gather(-1, code).squeeze(-1)
        weights = constants.get(CLASS_WEIGHT_CONSTANT)
        if weights is None:
            return rows
        return rows * weights.expand_as(log_probabilities).gather(-1, code).squeeze(-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """Scores of equally likely grades (n_tasks, n_grades − 1), and class weights, if any."""
        origin = [uniform_grade_scores(len(target.classes)).tolist() for target in targets]
        return {
            "origin": torch.tensor(origin, dtype=torch.float32),
            **class_weight_constants(type(self).__name__, self.class_weight, targets),
        }
