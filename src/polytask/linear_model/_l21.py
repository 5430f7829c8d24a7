"""Base class of models with joint feature selection."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.linear_model._feature_selection import FeatureSelection
from polytask.penalties import L21, Penalty
from polytask.solvers import GroupNewton, ProximalGradient, Solver

__all__ = ["JointSelection"]


class JointSelection(FeatureSelection):
    """The sum of the norms of features over tasks as penalty."""

    def penalty(self) -> Penalty:
        """`L21`."""
        return L21(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """Newton's method for squared errors, else proximal gradients."""
        return GroupNewton(self.tol, self.max_iter), ProximalGradient(self.tol, self.max_iter)
