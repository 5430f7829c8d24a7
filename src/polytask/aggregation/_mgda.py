"""Multiple-gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import min_norm_point
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["MGDA"]


@dataclass
class MGDA(GramianAggregator):
    r"""The shortest vector in the convex hull of the task gradients.

    .. math:: w = \arg\min_{w \ge 0,\ \sum_k w_k = 1} w^\top G w, \qquad G = J J^\top

    It is zero exactly at Pareto-stationary points; elsewhere no task's loss grows to first
    order along it.

    Notes
    -----
    Deviation from Sener & Koltun's code: the minimum is found exactly by an active-set method
    instead of some Frank–Wolfe steps, and gradients are not normalised before.

    References
    ----------
    Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization",
    Comptes Rendus Mathématique 350, 2012. Sener & Koltun, "Multi-task learning as
    multi-objective optimization", NeurIPS 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MGDA
    >>> MGDA().weights(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    tensor([0.7500, 0.2500])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.SCALE_EQUIVARIANT,
            Property.STATIONARY,
            Property.CONVEX,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the min-norm point."""
        point = min_norm_point(gramian.detach().double().cpu().numpy())
        return torch.from_numpy(point).to(gramian)
