"""Log loss of heat maps in which easy pixels, and those near an object, count less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._loss import Loss
from polytask.tasks import FittedTarget, HeatMap, Kind

__all__ = ["HeatMapFocalLoss"]

_FEWEST = 1e-4
"""Smallest share of pixels that hold 1 by which losses are divided."""


@dataclass(frozen=True)
class HeatMapFocalLoss(Loss):
    r"""Log loss of heat maps in which easy pixels, and those near an object, count less.

    .. math:: \ell = -\frac{1}{\pi} \sum_p \begin{cases}
              (1 - \hat y_p)^\alpha \log \hat y_p & y_p = 1 \\
              (1 - y_p)^\beta \, \hat y_p^\alpha \log(1 - \hat y_p) & y_p < 1
              \end{cases}

    with the probabilities :math:`\hat y`, labels y, and the share :math:`\pi` of training pixels
    that hold 1, so that a task's loss is about one of each object.

    Parameters
    ----------
    alpha : float, default 2.0
        How fast pixels that are predicted well lose their weight.
    beta : float, default 4.0
        How much less pixels near an object count.

    Notes
    -----
    The paper divides by the number of objects of an image; here the share of the training rows
    stands for it, so that images without an object count as others. A share below 1e-4 counts as
    that.

    References
    ----------
    Law & Deng, "CornerNet: Detecting objects as paired keypoints", ECCV 2018; as in Zhou, Wang &
    Krähenbühl, "Objects as points", 2019.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import HeatMapFocalLoss
    >>> from polytask.tasks import FittedTarget
    >>> learned = {"shape": (1.0, 2.0), "log_odds": (0.0,), "share_of_ones": (0.5,)}
    >>> loss = HeatMapFocalLoss()
    >>> constants = loss.constants([FittedTarget(("centers",), learned=learned)])
    >>> labelled = torch.ones(1, 1, 1, 2, dtype=torch.bool)
    >>> scores, values = torch.zeros(1, 1, 1, 1, 2), torch.tensor([[[[1.0, 0.0]]]])
    >>> loss.rowwise(scores, values, labelled, constants)
    tensor([[0.6931]])
    """

    alpha: float = 2.0
    beta: float = 4.0

    counts_cells: ClassVar[bool] = True
    kinds: ClassVar[tuple[type[Kind], ...]] = (HeatMap,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (HeatMap,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0, closed="left"),
        "beta": Interval(float, 0.0, closed="left"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """Log-odds of the channels, and shares of pixels that hold 1."""
        odds = torch.tensor([target.learned["log_odds"] for target in targets])
        shares = torch.tensor([target.learned["share_of_ones"][0] for target in targets])
        return {"log_odds": odds, "share": shares.clamp(min=_FEWEST)}

    def rowwise(
        self,
        scores: Float[Tensor, "*rows c h w"],
        values: Float[Tensor, "..."],
        mask: Bool[Tensor, "..."],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Loss of each row, the sum over its labelled pixels."""
        first = scores.ndim - 3
        scores = (scores + constants["log_odds"][..., None, None]).reshape(values.shape)
        of_one = logsigmoid(scores) * torch.exp(self.alpha * logsigmoid(-scores))
        of_less = logsigmoid(-scores) * torch.exp(self.alpha * logsigmoid(scores))
        pixels = -torch.where(values == 1, of_one, (1 - values).pow(self.beta) * of_less)
        return torch.where(mask, pixels, 0.0).flatten(first).sum(dim=-1) / constants["share"]
