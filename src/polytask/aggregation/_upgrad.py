"""The mean of gradients projected so that they conflict with no task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import project_dual_cone
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["UPGrad"]


@dataclass
class UPGrad(GramianAggregator):
    r"""The mean of the gradients, each projected so that it conflicts with no task.

    .. math:: \frac1K \sum_k \pi(g_k), \qquad
              \pi(x) = \arg\min_{d:\ J d \ge 0} \lVert d - x \rVert

    Gradients that agree are averaged as they are. A task's share grows with its gradient, as
    under `Mean`, and no task's loss grows to first order.

    Notes
    -----
    Deviation from TorchJD: the projections are exact and computed in one batch; nothing is added
    to the diagonal of a Gramian in float64 (``reg_eps`` there) and tiny gradients are not treated
    as zero (``norm_eps``). To one in float32, K times its precision is added, so that rounding is
    not projected onto. The tasks' shares in the average are even.

    References
    ----------
    Quinton & Rey, "Jacobian descent for multi-objective optimization", arXiv:2406.16232, 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import UPGrad
    >>> UPGrad().weights(torch.tensor([[1.0, -1.0], [-1.0, 2.0]]))
    tensor([1.0000, 0.7500])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Mean of the weights of all projections."""
        products = gramian.detach().double().cpu().numpy()
        precision = torch.finfo(gramian.dtype).eps
        projections = project_dual_cone(products, np.eye(len(products)), precision)
        return torch.from_numpy(projections.mean(axis=0)).to(gramian)
