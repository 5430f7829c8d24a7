"""Base class of models whose tasks lie in a common subspace."""

from __future__ import annotations

from polytask.linear_model._low_rank import LowRank
from polytask.penalties import Penalty, TraceNorm

__all__ = ["CommonSubspace"]


class CommonSubspace(LowRank):
    """The trace norm of coefficients as penalty."""

    def penalty(self) -> Penalty:
        """`TraceNorm`."""
        return TraceNorm(self.strength)
