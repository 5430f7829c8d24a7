"""Tchebycheff scalarisation."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from polytask.weighting._weighted_distance import WeightedDistance

__all__ = ["Tchebycheff"]


@dataclass
class Tchebycheff(WeightedDistance):
    r"""The largest weighted distance of a loss from a reference point.

    .. math:: \varphi(\ell) = \max_k \lambda_k (\ell_k - z_k)

    Only the task at the maximum gets a weight, :math:`w_k = \lambda_k`; tasks that tie share it. Every Pareto-optimal point minimises it for some preference,
    also on a front that is not convex. The weights jump from task to task, which
    `SmoothTchebycheff` avoids.

    Parameters
    ----------
    preference : tuple of float, optional
        λ, one positive number per task, scaled to sum to 1; equal by default.
    reference : tuple of float, optional
        z, one number per task, below what its loss can reach; 0 by default.

    Raises
    ------
    ParameterError
        If there are not as many numbers as tasks.

    Notes
    -----
    The weights keep the paper's scale: they sum to at most the largest λ, not to the number of
    tasks. Absent tasks take no part in the maximum. Losses may be negative.

    References
    ----------
    Bowman, "On the relationship of the Tchebycheff norm and the efficient frontier of
    multiple-criteria objectives", in Multiple Criteria Decision Making, Springer 1976.
    Steuer & Choo, "An interactive weighted Tchebycheff procedure for multiple objective
    programming", Mathematical Programming 1983.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import Tchebycheff
    >>> losses, present = torch.tensor([0.3, 2.0]), torch.tensor([True, True])
    >>> Tchebycheff().weights(losses, present)
    tensor([0.0000, 0.5000])
    >>> Tchebycheff(preference=(9.0, 1.0)).weights(losses, present)
    tensor([0.9000, 0.0000])
    """

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The largest distance among the tasks present."""
        distances = self._distances(losses, present)
        return (_shares(distances.detach(), present) * distances).sum()

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """λ of the task at the maximum, 0 for all others."""
        distances = self._distances(losses.detach(), present)
        return _shares(distances, present) * self._preferences(losses)


def _shares(
    distances: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
) -> Float[Tensor, " n_tasks"]:
    """One for the task at the maximum; tasks that tie share it."""
    highest = (distances == distances.max()) & present
    return highest.to(distances.dtype) / highest.sum().clamp(min=1)
