"""Base class of models whose tasks are near a relaxed subspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound
from polytask.linear_model._relaxed_projection import RelaxedProjection
from polytask.linear_model._shared_subspace import SharedSubspace
from polytask.linear_model._span import span_of
from polytask.solvers import AlternatingDirections, QuasiNewton, Solution, Solver

__all__ = ["RelaxedSubspace"]


class RelaxedSubspace(SharedSubspace):
    """The relaxed distance to a subspace as penalty.

    Attributes
    ----------
    components_ : array of shape (rank, n_features)
        Orthonormal eigenvectors of M, those with the largest eigenvalues first.
    shares_ : array of shape (rank,)
        Their eigenvalues, from 0 to 1.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SharedSubspace.parameter_constraints,
        "eta": Interval(float, 0.0, closed="neither"),
    }

    shares_: np.ndarray

    def penalty(self) -> RelaxedProjection:
        """`ClusterNorm`, which is the same function of singular values."""
        return RelaxedProjection(
            self.strength * self.eta * (1 + self.eta), self.n_components, self.eta
        )

    def solvers(self) -> Sequence[Solver]:
        """Alternating directions for squared errors, else a quasi-Newton method for the best M of each W."""
        return [kind(self.tol, self.max_iter) for kind in (AlternatingDirections, QuasiNewton)]

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the relaxed projection, too."""
        super().keep(bound, solution)
        self.components_ = span_of(solution.coef)
        shares = self.penalty().shares(solution.coef)
        self.shares_ = shares[: len(self.components_)]
