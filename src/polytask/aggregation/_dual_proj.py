"""The average gradient, projected so that it conflicts with no task."""

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

__all__ = ["DualProj"]


@dataclass
class DualProj(GramianAggregator):
    r"""The vector nearest to the average gradient along which no task's loss grows.

    .. math:: \arg\min_{d:\ J d \ge 0} \Bigl\lVert d - \frac1K \sum_k g_k \Bigr\rVert

    Notes
    -----
    Gradient episodic memory projects a new task's gradient against those of past tasks; here
    all tasks are alike and their average is projected, as in TorchJD. Deviation from TorchJD:
    the projection is exact; nothing is added to the diagonal of a Gramian in float64
    (``reg_eps`` there) and tiny gradients are not treated as zero (``norm_eps``). To one in
    float32, K times its precision is added, so that rounding is not projected onto.

    References
    ----------
    Lopez-Paz & Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import DualProj
    >>> DualProj().weights(torch.tensor([[1.0, -2.0], [-2.0, 9.0]]))
    tensor([1.0000, 0.5000])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the projection."""
        products = gramian.detach().double().cpu().numpy()
        precision = torch.finfo(gramian.dtype).eps
        even = np.full((1, len(products)), 1 / len(products))
        return torch.from_numpy(project_dual_cone(products, even, precision)[0]).to(gramian)
