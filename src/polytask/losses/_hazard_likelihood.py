"""Likelihood of times to an event by their hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus

from polytask.losses._loss import Loss
from polytask.tasks import Kind, Survival

__all__ = ["HazardLikelihood"]


@dataclass(frozen=True)
class HazardLikelihood(Loss):
    r"""Negative log-likelihood of a time to an event in intervals, which may be censored.

    .. math:: \ell = -\sum_{j \le m} \log(1 - h_j) - e \log h_{m + 1}, \qquad
              h_j = \sigma(s_j - \log T)

    with the number m of intervals that the row survives, its event e (0 or 1; 0 also for events
    after the last of the T intervals), and the scores s of `Survival`.

    References
    ----------
    Gensheimer & Narasimhan, "A scalable discrete-time survival model for neural networks", PeerJ
    2019.

    Notes
    -----
    A row that is censored in an interval counts as a survivor of it from its middle on.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import HazardLikelihood
    >>> scores = torch.zeros(3, 2)  # hazards of 1/3
    >>> values = torch.tensor([[1.5, 1.0], [1.4, 0.0], [1.6, 0.0]])
    >>> HazardLikelihood().rowwise(scores, values, torch.ones(3, 2, dtype=bool), {}).exp()
    tensor([4.5000, 1.5000, 2.2500])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Survival,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Survival,)

    def rowwise(
        self,
        scores: Float[Tensor, "*rows size"],
        values: Float[Tensor, "*rows c"],
        mask: Bool[Tensor, "*rows c"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "*rows"]:
        """Likelihood of rows with a time, and 0 of others."""
        del constants
        interval = torch.arange(scores.shape[-1], device=scores.device, dtype=scores.dtype)
        log_odds = scores - math.log(scores.shape[-1])
        place, happened = values[..., :1], values[..., 1:] > 0
        last = (place.ceil() - 1).clamp(min=0.0)
        survived = torch.where(happened, last, (place + 0.5).floor())
        losses = softplus(log_odds) * (interval < survived)
        losses = losses + softplus(-log_odds) * ((interval == last) & happened)
        return losses.sum(dim=-1) * mask.all(dim=-1)
