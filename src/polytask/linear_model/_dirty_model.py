"""Base class of dirty models."""

from __future__ import annotations

from polytask.linear_model._sum_of_parts import SumOfParts
from polytask.penalties import L1, LInf1, Penalty

__all__ = ["DirtyModel"]


class DirtyModel(SumOfParts):
    """Selected features with similar coefficients, plus own coefficients of few features."""

    def common_penalty(self) -> Penalty:
        """`LInf1`."""
        return LInf1(1.0)

    def own_penalty(self) -> Penalty:
        """`L1`."""
        return L1(self.own_ratio)
