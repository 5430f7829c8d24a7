"""The average gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["Mean"]


@dataclass
class Mean(GramianAggregator):
    r"""The average of the task gradients.

    .. math:: w_k = 1 / K

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import Mean
    >>> Mean().weights(torch.eye(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.CONVEX,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Equal weights that sum to 1."""
        n_tasks = len(gramian)
        return torch.full((n_tasks,), 1 / n_tasks, dtype=gramian.dtype, device=gramian.device)
