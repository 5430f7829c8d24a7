"""Impartial multi-task learning: the balance of losses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._learned_weighting import LearnedWeighting

__all__ = ["IMTLL"]


@dataclass
class IMTLL(LearnedWeighting):
    r"""Learned scales that bring every weighted loss to 1.

    .. math:: \varphi(\ell) = \sum_k e^{s_k} \ell_k - s_k

    At the optimum of the learned s every task has :math:`e^{s_k} \ell_k = 1`, whatever its unit.
    The scalar may fall below zero. Losses must not be negative.

    Parameters
    ----------
    learning_rate : float, default 1e-3
        Learning rate of the log-scales.

    Attributes
    ----------
    log_scale_ : tensor of shape (n_tasks,)
        The log-scales s.

    Notes
    -----
    This is the loss balance IMTL-L of the paper; its gradient balance IMTL-G is an aggregator,
    and both together are the paper's IMTL. Deviations: the log-scales have an Adam of their own
    instead of the model's optimiser, with a state of each task, so that an absent task's stays
    where it is. They start at 0 as in LibMTL and stay within ±80, where all numbers are finite.

    References
    ----------
    Liu, Li, Kuang, Xue, Chen, Yang, Liao & Zhang, "Towards impartial multi-task learning",
    ICLR 2021.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import IMTLL
    >>> IMTLL().weights(torch.tensor([0.3, 2.0]), torch.tensor([True, True]))
    tensor([1., 1.])
    """

    @property
    def log_scale_(self) -> Float[Tensor, " n_tasks"]:
        """The learned log-scales."""
        return self._adam.values

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """Scaled losses of the tasks present, less the log-scales."""
        s = self._checked_numbers(losses)
        return ((torch.exp(s) * losses - s) * present).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """Scales of the tasks present."""
        return torch.exp(self._checked_numbers(losses)) * present

    def _slopes(
        self, s: Float[Tensor, " n_tasks"], losses: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        return torch.exp(s) * losses - 1.0
