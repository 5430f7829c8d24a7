"""The trimmed mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import JacobianAggregator
from polytask.aggregation._property import Property

__all__ = ["TrimmedMean"]


@dataclass
class TrimmedMean(JacobianAggregator):
    """The average without the extreme values, coordinate by coordinate.

    Made for gradients of which a few may be arbitrarily wrong.

    Parameters
    ----------
    trim_number : int, default 1
        The number of largest values, and of smallest values, that are dropped.

    Notes
    -----
    With fewer than ``2 * trim_number + 1`` tasks as many are dropped as leave one or two values;
    the paper and TorchJD refuse such a step. The paper drops a share of the values instead of a
    number. Values are kept sorted only as far as they are dropped, which is several times faster
    than sorting them all.

    References
    ----------
    Yin, Chen, Ramchandran & Bartlett, "Byzantine-robust distributed learning: towards optimal
    statistical rates", ICML 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import TrimmedMean
    >>> TrimmedMean().combine(torch.tensor([[1.0, 5.0], [2.0, -900.0], [900.0, 7.0]]))
    tensor([2., 5.])
    """

    trim_number: int = 1

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"trim_number": Interval(int, 0)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def combine(self, jacobian: Float[Tensor, "k p"]) -> Float[Tensor, " p"]:
        """The mean of the middle values."""
        trim = min(self.trim_number, (len(jacobian) - 1) // 2)
        ends = jacobian[: 2 * trim].sort(dim=0).values
        lowest, highest = list(ends[:trim]), list(ends[trim:])
        total = torch.zeros_like(jacobian[0])
        for row in jacobian[2 * trim :]:
            value = row
            for i, high in enumerate(highest):
                highest[i], value = torch.maximum(high, value), torch.minimum(high, value)
            for i, low in enumerate(lowest):
                lowest[i], value = torch.minimum(low, value), torch.maximum(low, value)
            total += value
        return total / (len(jacobian) - 2 * trim)
