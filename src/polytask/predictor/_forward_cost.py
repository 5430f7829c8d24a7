"""What predicting costs: floating-point operations of a row, and seconds of a pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["ForwardCost", "cost_of_all"]


class ForwardCost(NamedTuple):
    """What a model's forward passes cost.

    Attributes
    ----------
    flops : float
        Floating-point operations of one row: those of matrix products, convolutions and recurrent
        layers, two for each multiplication and addition.
    seconds : float
        Median of measured passes over `n_rows` rows.
    n_rows : int
        Rows of a pass.
    """

    flops: float
    seconds: float
    n_rows: int


def cost_of_all(costs: Sequence[ForwardCost | None]) -> ForwardCost | None:
    """The cost of models that all predict a row; None if it is not known of one of them.

    Examples
    --------
    >>> from polytask.predictor._forward_cost import ForwardCost, cost_of_all
    >>> cost_of_all([ForwardCost(200.0, 0.5, 256), ForwardCost(100.0, 0.25, 256)])
    ForwardCost(flops=300.0, seconds=0.75, n_rows=256)
    """
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return None
    flops, seconds = sum(cost.flops for cost in known), sum(cost.seconds for cost in known)
    return ForwardCost(flops, seconds, max(cost.n_rows for cost in known))
