"""Likelihood of normal distributions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.losses._loss import Loss
from polytask.tasks import Distribution, Kind
from polytask.tasks._count_limits import WIDEST

__all__ = ["GaussianLikelihood"]

_FARTHEST = 1e17
"""Deviations whose squares, added up, stay in the range of single precision."""


@dataclass(frozen=True)
class GaussianLikelihood(Loss):
    r"""Negative log-likelihood of a normal distribution, in units of the target's deviation.

    .. math:: \ell = \lfloor \sigma^{2 \beta} \rfloor
              \left( \frac{(y - s_1)^2}{2 \sigma^2} + \log \sigma + \frac12 \log 2 \pi \right),
              \qquad \sigma = e^{s_2}

    with the standardised target y, the scores s of `Distribution`, and :math:`\lfloor \cdot \rfloor`
    for a factor that counts as a constant in gradients.

    Parameters
    ----------
    beta : float in [0, 1], default 0.0
        Above 0, rows whose predicted deviation is small pull less at the mean: at 1 the mean is
        learned as by the squared error. 0.5 is the value of Seitzer et al.

    References
    ----------
    Nix and Weigend, "Estimating the mean and variance of the target probability distribution",
    ICNN 1994. Seitzer et al., "On the pitfalls of heteroscedastic uncertainty estimation with
    probabilistic neural networks", ICLR 2022 (beta).

    Notes
    -----
    Log-deviations are limited to −10 … 10, and distances to 1e17 deviations.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import GaussianLikelihood
    >>> scores, values = torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0], [2.0]])
    >>> losses = GaussianLikelihood().rowwise(scores, values, torch.ones(2, 1, dtype=bool), {})
    >>> losses  # the second is larger by 2² / 2
    tensor([0.9189, 2.9189])
    """

    beta: float = 0.0

    kinds: ClassVar[tuple[type[Kind], ...]] = (Distribution,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Distribution,)
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"beta": Interval(float, 0.0, 1.0)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Likelihood of each row."""
        del mask, constants
        log_deviation = scores[..., 1].clamp(-WIDEST, WIDEST)
        z = (values[..., 0] - scores[..., 0]) * torch.exp(-log_deviation)
        z = z.clamp(-_FARTHEST, _FARTHEST)
        losses = z.square() / 2 + log_deviation + math.log(2 * math.pi) / 2
        return losses * torch.exp(2 * self.beta * log_deviation.detach())
