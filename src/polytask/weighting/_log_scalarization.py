"""The sum of the losses' logarithms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._positive_losses import require_not_negative, smallest
from polytask.weighting._weighting import Weighting

__all__ = ["LogScalarization"]


@dataclass
class LogScalarization(Weighting):
    r"""The sum of log-losses: linear scalarisation independent of the losses' units.

    .. math:: \varphi(\ell) = \sum_k \log \ell_k, \qquad w_k = 1 / \ell_k

    Up to the length of the step, it has the same direction as `GeometricLoss`, and as
    `UncertaintyWeighting` or `IMTLL` with optimal numbers in every step. The scalar is
    negative for small losses; losses must not be.

    Raises
    ------
    ParameterError
        If a loss is negative.

    Notes
    -----
    A loss of exactly 0 counts as the smallest positive number and weighs 0: it cannot fall
    further.

    References
    ----------
    Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik & Fetaya, "Multi-task learning as a
    bargaining game", ICML 2022, where it is the baseline called scale-invariant.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import LogScalarization
    >>> LogScalarization().weights(torch.tensor([0.5, 2.0]), torch.tensor([True, True]))
    tensor([2.0000, 0.5000])
    """

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Sum the logarithms of the tasks present."""
        require_not_negative("LogScalarization", losses)
        return torch.log(torch.where(present, losses, 1.0).clamp(min=smallest(losses))).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """One over the losses of the tasks present."""
        require_not_negative("LogScalarization", losses)
        counts = present & (losses >= smallest(losses))
        return torch.where(counts, losses.detach().reciprocal(), 0.0)
