"""Base class of models with a part of low rank, plus own coefficients."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound
from polytask.linear_model._span import span_of
from polytask.linear_model._sum_of_parts import SumOfParts
from polytask.penalties import Penalty, TraceNorm
from polytask.solvers import Solution

__all__ = ["SubspaceAndOwn"]


class SubspaceAndOwn(SumOfParts):
    """The trace norm as penalty of the common part.

    Attributes
    ----------
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the common part.
    rank_ : int
        Their number.
    """

    components_: np.ndarray
    rank_: int

    def common_penalty(self) -> Penalty:
        """`TraceNorm`."""
        return TraceNorm(1.0)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the directions of the common part, too."""
        super().keep(bound, solution)
        self.components_ = span_of(self.common_coef_)
        self.rank_ = len(self.components_)
