"""Homoscedastic uncertainty with a regulariser that stays positive."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._learned_weighting import LearnedWeighting

__all__ = ["RevisedUncertaintyWeighting"]


@dataclass
class RevisedUncertaintyWeighting(LearnedWeighting):
    r"""Weights from the tasks' learned noise, with a scalar that cannot fall below zero.

    .. math:: \varphi(\ell) = \sum_k \frac{\ell_k}{2 \sigma_k^2} + \log(1 + \sigma_k^2),
              \qquad s_k = \log \sigma_k^2

    `UncertaintyWeighting` with another regulariser. At the optimum of the log-variances s
    :math:`2 \sigma_k^4 = \ell_k (1 + \sigma_k^2)`: large losses weigh :math:`1 / \ell_k`, small
    ones :math:`1 / \sqrt{2 \ell_k}`. Losses must not be negative.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        Learning rate of the log-variances.

    Attributes
    ----------
    log_variance_ : tensor of shape (n_tasks,)

    Notes
    -----
    Deviations: the log-variance is learned instead of σ (the paper's c), whose sign would be
    arbitrary and which would have to avoid 0; it starts at 0, that is σ = 1. The
    log-variances have an Adam of their own with a state of each task, so that an absent task's
    stays where it is. They stay within ±80, where all numbers are finite.

    References
    ----------
    Liebel & Körner, "Auxiliary tasks in multi-task learning", arXiv:1805.06334, 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import RevisedUncertaintyWeighting
    >>> weighting = RevisedUncertaintyWeighting()
    >>> weighting.weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([0.5000, 0.5000])
    """

    @property
    def log_variance_(self) -> Float[Tensor, " n_tasks"]:
        """The learned log-variances."""
        return self._adam.values

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Weighted sum and regulariser of the tasks present."""
        s = self._checked_numbers(losses)
        terms = 0.5 * torch.exp(-s) * losses + torch.nn.functional.softplus(s)
        return (terms * present).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """Half the precisions of the tasks present."""
        return 0.5 * torch.exp(-self._checked_numbers(losses)) * present

    def _slopes(
        self, s: Float[Tensor, " n_tasks"], losses: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        return torch.sigmoid(s) - 0.5 * torch.exp(-s) * losses
