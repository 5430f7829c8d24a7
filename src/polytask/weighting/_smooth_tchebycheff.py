"""Smooth Tchebycheff scalarisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.ranges import Range, SearchRange
from polytask.weighting._weighted_distance import WeightedDistance

__all__ = ["SmoothTchebycheff"]


@dataclass
class SmoothTchebycheff(WeightedDistance):
    r"""A smooth maximum of the weighted distances of the losses from a reference point.

    .. math:: \varphi(\ell) = \mu \log \sum_k \exp\frac{\lambda_k (\ell_k - z_k)}{\mu},
              \qquad w = \lambda \odot \operatorname{softmax}
              \Bigl(\frac{\lambda \odot (\ell - z)}{\mu}\Bigr)

    Parameters
    ----------
    mu : float, default 1.0
        The smoothing, in the unit of the weighted distances: towards 0 the scalar becomes
        `Tchebycheff`, for large values the weights become λ / n for n tasks present.
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
    This is the paper's formula on the losses themselves. Deviation: the authors' multi-task code
    puts logarithms of losses in it, relative to their means after a warm-up, with λ = 1, and
    multiplies the scalar by the number of tasks; that is `polytask.aggregation.STCH`. Absent
    tasks take no part in the sum. Losses may be negative.

    References
    ----------
    Lin, Zhang, Yang, Liu, Wang & Zhang, "Smooth Tchebycheff scalarization for multi-objective
    optimization", ICML 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.weighting import SmoothTchebycheff
    >>> losses, present = torch.tensor([0.3, 2.0]), torch.tensor([True, True])
    >>> SmoothTchebycheff().weights(losses, present)
    tensor([0.1497, 0.3503])
    >>> SmoothTchebycheff(mu=0.25).weights(losses, present)
    tensor([0.0161, 0.4839])
    """

    mu: float = 1.0

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "mu": Range(0.01, 10.0, log=True, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **WeightedDistance.parameter_constraints,
        "mu": Interval(float, 0.0, closed="neither"),
    }

    def scalarize(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, ""]:
        """The smooth maximum over the tasks present, 0 for none."""
        maximum = self.mu * torch.logsumexp(self._exponents(losses, present), dim=0)
        return torch.where(present.any(), maximum, 0.0)

    def weights(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """λ times the softmax of the distances."""
        shares = torch.softmax(self._exponents(losses.detach(), present), dim=0)
        return shares * self._preferences(losses) * present

    def _exponents(
        self, losses: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        lowest = torch.finfo(losses.dtype).min
        return (self._distances(losses, present) / self.mu).clamp(min=lowest, max=-lowest)
