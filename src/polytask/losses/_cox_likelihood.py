"""Partial likelihood of the model of Cox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.losses._listwise_loss import ListwiseLoss
from polytask.losses._widest_type import widest_type
from polytask.tasks import Kind, ProportionalSurvival

__all__ = ["CoxLikelihood"]


@dataclass(frozen=True)
class CoxLikelihood(ListwiseLoss):
    r"""Negative partial log-likelihood of proportional hazards.

    .. math:: \ell_i = e_i \left( \log \sum_{t_j \ge t_i} w_j e^{s_j} - s_i \right)

    with times t, events e (1, or 0 for censored rows), scores s and weights w of a task's rows: how
    likely it is that of all rows at risk the event happened in this one.

    References
    ----------
    Cox, "Regression models and life-tables", JRSS B 1972. Breslow, "Covariance analysis of censored
    survival data", Biometrics 1974 (ties). Kvamme, Borgan & Scheel, "Time-to-event prediction with
    neural networks and Cox regression", JMLR 2019 (rows at risk of a batch).

    Notes
    -----
    Rows at risk are those of a batch, in place of all training rows: see `ListwiseLoss`. In a batch
    without an event the loss is 0. Events of one time are taken one by one, with the same rows at
    risk (Breslow's ties), so that a row of weight w is like w equal rows. Losses are sums over
    events divided by labelled rows, censored ones too. Scores count up to a constant.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses import CoxLikelihood
    >>> scores, weight = torch.zeros(3, 1, 1), torch.ones(3, 1)
    >>> values = torch.tensor([[[1.0, 1.0]], [[2.0, 0.0]], [[3.0, 1.0]]])
    >>> CoxLikelihood().listwise(scores, values, values >= 0, weight, {}).exp().flatten()
    tensor([3., 1., 1.])
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (ProportionalSurvival,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (ProportionalSurvival,)

    def listwise(
        self,
        scores: Float[Tensor, "rows tasks one"],
        values: Float[Tensor, "rows tasks two"],
        mask: Bool[Tensor, "rows tasks two"],
        weight: Float[Tensor, "rows tasks"],
        constants: Mapping[str, Tensor],
    ) -> Float[Tensor, "rows tasks"]:
        """Likelihood of events, and 0 of censored rows."""
        del constants
        wide = widest_type(scores)  # sums over ±100 are beyond float32
        weight, score = (weight * mask.all(dim=-1)).T.to(wide), scores[..., 0].T.to(wide)
        time, happened = values[..., 0].T, values[..., 1].T > 0
        highest = torch.where(weight > 0, score.detach(), -torch.inf).amax(dim=1, keepdim=True)
        shift = torch.where(highest.isfinite(), highest, 0.0)
        risk = weight * torch.exp((score - shift).clamp(max=0.0))
        order = time.argsort(dim=1)
        at_risk = risk.gather(1, order).flip(1).cumsum(dim=1).flip(1)
        first = torch.searchsorted(time.gather(1, order), time.contiguous())
        sums = at_risk.gather(1, first).clamp(min=torch.finfo(wide).tiny).log() + shift
        counted = happened & (weight > 0)
        return torch.where(counted, sums - score, 0.0).T.to(scores.dtype)
