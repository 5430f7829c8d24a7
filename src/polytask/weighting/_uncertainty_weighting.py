"""Homoscedastic uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._learned_weighting import LearnedWeighting

__all__ = ["UncertaintyWeighting"]


@dataclass
class UncertaintyWeighting(LearnedWeighting):
    r"""Weights from the tasks' learned noise.

    .. math:: \varphi(\ell) = \sum_k \tfrac12 e^{-s_k} \ell_k + \tfrac12 s_k,
              \qquad s_k = \log \sigma_k^2

    with the tasks' log-variances s, which are learned by Adam on detached losses. At their
    optimum :math:`e^{s_k} = \ell_k`, so that each task weighs :math:`1 / (2 \ell_k)`. The scalar
    may fall below zero once a loss is below 1 (:math:`\tfrac12 + \tfrac12 \log \ell_k`): that is
    the log-likelihood of a confident model, not an error. Losses must not be negative.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        Learning rate of the log-variances.

    Attributes
    ----------
    log_variance_ : tensor of shape (n_tasks,)

    Notes
    -----
    Deviations: the log-variances have an optimiser of their own, so that the model's weight
    decay and clipping do not reach them; classification losses get the factor ½ too (the paper
    has 1 there), as in most implementations. They start at 0; LibMTL starts them at -½. Each
    task has its own Adam state, and an absent task's log-variance stays where it is. The
    precision has no bound but the range of float32: log-variances stay within ±80, which also keeps
    a loss of exactly 0 from making it infinite.

    References
    ----------
    Kendall, Gal & Cipolla, "Multi-task learning using uncertainty to weigh losses for scene
    geometry and semantics", CVPR 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import UncertaintyWeighting
    >>> UncertaintyWeighting().weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([0.5000, 0.5000])
    """

    @property
    def log_variance_(self) -> Float[Tensor, " n_tasks"]:
        """The learned log-variances."""
        return self._adam.values

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Negative log-likelihood of the tasks present, up to a constant."""
        s = self._checked_numbers(losses)
        return ((0.5 * torch.exp(-s) * losses + 0.5 * s) * present).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """Half the precisions of the tasks present."""
        return 0.5 * torch.exp(-self._checked_numbers(losses)) * present

    def _slopes(
        self, s: Float[Tensor, " n_tasks"], losses: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        return 0.5 - 0.5 * torch.exp(-s) * losses
