"""The sum of the gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["Sum"]


@dataclass
class Sum(GramianAggregator):
    r"""The sum of the task gradients.

    .. math:: w_k = 1

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import Sum
    >>> Sum().weights(torch.eye(3))
    tensor([1., 1., 1.])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Ones."""
        return torch.ones(len(gramian), dtype=gramian.dtype, device=gramian.device)
