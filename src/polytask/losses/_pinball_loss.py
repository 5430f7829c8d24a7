"""Pinball loss of several quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss
from polytask.tasks import FittedTarget, Kind, Quantile
from polytask.tasks._quantile_scores import normal_quantile_scores, quantiles

__all__ = ["PinballLoss"]


@dataclass(frozen=True)
class PinballLoss(Loss):
    r"""Mean pinball loss of the quantiles, in units of the target's standard deviation.

    .. math:: \ell = \frac{1}{Q} \sum_k \max(\tau_k (y - q_k), (\tau_k - 1)(y - q_k))

    with the standardised target y and the quantiles :math:`q_k` of the levels :math:`\tau_k`, which
    `Quantile` makes of the scores so that they ascend.

    Notes
    -----
    At level 0.5 alone it is half the absolute error. The levels have equal weights, as in the
    continuous ranked probability score, of which twice the mean over many evenly spaced levels is
    an approximation.

    References
    ----------
    Koenker & Bassett, "Regression quantiles", Econometrica 1978.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import PinballLoss
    >>> from polytask.tasks import FittedTarget
    >>> learned = {"center": (0.0,), "scale": (1.0,), "levels": (0.5,)}
    >>> loss, target = PinballLoss(), FittedTarget(("y",), learned=learned)
    >>> scores, values = torch.tensor([[0.0], [0.0]]), torch.tensor([[3.0], [-1.0]])
    >>> loss.rowwise(scores, values, torch.ones(2, 1, dtype=bool), loss.constants([target]))
    tensor([1.5000, 0.5000])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Quantile,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Quantile,)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Mean pinball loss of each row."""
        del mask
        errors = values - quantiles(scores + constants["origin"])
        levels = constants["levels"]
        return torch.maximum(levels * errors, (levels - 1) * errors).mean(dim=-1)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """Levels, and scores of a normal distribution's quantiles, each (n_tasks, n_levels)."""
        levels = [target.learned["levels"] for target in targets]
        origin = [normal_quantile_scores(each).tolist() for each in levels]
        return {
            "levels": torch.tensor(levels, dtype=torch.float32),
            "origin": torch.tensor(origin, dtype=torch.float32),
        }
