"""The update within a cone whose smallest slope over the tasks is largest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import max_min_slope_in_cone
from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property
from polytask.ranges import Range, SearchRange

__all__ = ["ConicGrad"]


@dataclass
class ConicGrad(GramianAggregator):
    r"""The direction in a cone around the average gradient whose smallest slope is largest.

    .. math:: \max_d \min_k \frac{g_k^\top d}{\lVert d \rVert} \quad \text{such that} \quad
              \cos(d, g_0) \ge c, \qquad g_0 = \frac1K \sum_k g_k

    and :math:`\lVert d \rVert = \lVert g_0 \rVert`.

    Parameters
    ----------
    c : float, default 0.5
        In [0, 1): the smallest cosine between the update and the average gradient. With 0 the
        direction is that of `MGDA`; near 1 it is that of `Mean`.

    Notes
    -----
    From the paper are the cone of directions around the average gradient, whose angle `c`
    bounds, the max–min problem over it, and that the direction and the length of the update are
    determined separately. The rest is ours: that slopes are compared at one length, without which
    the problem of a cone has no bounded solution; that this length is :math:`\lVert g_0 \rVert`;
    that the problem is solved by an active-set method, where the paper has a closed form by
    duality; that nothing is carried over the steps; and the default of `c`. Updates may therefore
    differ from the authors'.

    Where gradients are Pareto-stationary no direction helps every task: the update is then
    :math:`g_0`, and close to such points weights can be large, since the length is kept. To a
    Gramian in float32, K times its precision is added.

    References
    ----------
    Hassanpour, Janjua, Zhang, Lavasani, Zhang, Zhou & Gao, "Fantastic multi-task gradient
    updates and how to find them in a cone", arXiv:2502.00217, 2025.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import ConicGrad
    >>> ConicGrad(c=0.0).weights(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([0.5000, 0.5000])
    """

    c: float = 0.5

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "c": Range(0.1, 0.9, default=0.5),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "c": Interval(float, 0.0, 1.0, closed="left")
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the direction, as long as the average gradient."""
        products = gramian.detach().double().cpu().numpy()
        solution = max_min_slope_in_cone(products, self.c, torch.finfo(gramian.dtype).eps)
        return torch.from_numpy(solution).to(gramian)
