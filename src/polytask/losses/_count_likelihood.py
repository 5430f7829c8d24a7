"""Likelihoods of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._loss import Loss
from polytask.losses._widest_type import widest_type
from polytask.tasks import Count, FittedTarget, Kind
from polytask.tasks._count_limits import WIDEST

__all__ = ["CountLikelihood"]

_FARTHEST = 20.0
"""Log-rate, relative to the mean count, beyond which the Poisson loss goes on linearly."""


@dataclass(frozen=True)
class CountLikelihood(Loss):
    r"""Poisson deviance of a count, or its negative log-likelihood as a negative binomial.

    Which of them follows from the kind, whose raw scores are :math:`s_1` or
    :math:`(s_1, s_2)`. For a Poisson count the loss is half the deviance over the mean count,

    .. math:: \ell = \tilde y \log \frac{\tilde y}{e^u} - \tilde y + e^u, \qquad
              u = s_1 + \log \frac{e}{\bar e}, \quad \tilde y = \frac{y}{\bar y},

    with the count y, its exposure e, and their means over the training rows :math:`\bar y`,
    :math:`\bar e`; without exposures :math:`u = s_1`. For a negative binomial it is

    .. math:: \ell = -\log \frac{\Gamma(y + r)}{\Gamma(r) \, y!}
              + (y + r) \log(1 + \alpha \mu) - y \log(\alpha \mu), \qquad
              \mu = \bar y e^u, \; \alpha = e^{s_2} = \frac1r .

    Both are at least 0.

    References
    ----------
    McCullagh and Nelder, "Generalized linear models", 1989 (deviances). Cameron and Trivedi,
    "Regression analysis of count data", 2013 (NB2).

    Notes
    -----
    The Poisson likelihood is divided by the mean count, so that tasks of large and of small counts
    pull at shared parameters alike, and constants are added that make losses 0 where rate and count
    agree; both leave minima where they are. From :math:`u = 20` on, :math:`e^u` is continued by its
    tangent: networks that have not learned yet give finite losses. The dispersion is limited to
    e⁻¹⁰ … e¹⁰. The negative binomial is computed in double precision, where the device has it.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import CountLikelihood
    >>> scores, counts = torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [0.0]])
    >>> CountLikelihood().rowwise(scores, counts, torch.ones(2, 1, dtype=bool), {})
    tensor([0., 1.])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Count,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Count,)

    def constants(self, targets: Sequence[FittedTarget]) -> Mapping[str, Tensor]:
        """The mean count of each task."""
        return {"mean_count": torch.tensor([target.learned["mean_count"] for target in targets])}

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Deviance or negative log-likelihood of rows with a count, and 0 of others."""
        counts = values[..., 0].clamp(min=0.0)
        log_rate = scores[..., 0]
        if values.shape[-1] == 2:
            log_rate = log_rate + values[..., 1]
        if scores.shape[-1] == 1:
            losses = _half_deviance(counts, log_rate)
        else:
            mean_count = constants["mean_count"].squeeze(-1)
            losses = _negative_binomial(counts, log_rate, scores[..., 1], mean_count)
        return losses * mask.all(dim=-1)


def _half_deviance(counts: Tensor, log_rate: Tensor) -> Tensor:
    """Half the Poisson deviance, in units of the mean count."""
    near = log_rate.clamp(max=_FARTHEST)
    rate = near.exp() * (1 + log_rate - near)
    return torch.xlogy(counts, counts) - counts - counts * log_rate + rate


def _negative_binomial(
    counts: Tensor, log_rate: Tensor, log_dispersion: Tensor, mean_count: Tensor
) -> Tensor:
    """Negative log-likelihood of counts that are given in units of the mean count."""
    wide = widest_type(log_rate)
    scale = mean_count.to(wide)
    y = (counts.to(wide) * scale).round()
    dispersion = log_dispersion.to(wide).clamp(-WIDEST, WIDEST)
    size = (-dispersion).exp()
    log_odds = dispersion + log_rate.to(wide) + scale.log()
    ways = torch.lgamma(y + size) - torch.lgamma(size) - torch.lgamma(y + 1)
    losses = (y + size) * torch.nn.functional.softplus(log_odds) - y * log_odds - ways
    return losses.to(log_rate.dtype)
