"""Base class of models with joint feature selection."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.linear_model._feature_selection import FeatureSelection
from polytask.penalties import L21, Penalty
from polytask.solvers import GroupNewton, ProximalGradient, Solver, WorkingSets

__all__ = ["JointSelection"]


class JointSelection(FeatureSelection):
    """The sum of the norms of features over tasks as penalty."""

    def penalty(self) -> Penalty:
        """`L21`."""
        return L21(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """Working sets by Newton's method where it is known for the loss, else proximal gradients."""
        kinds = GroupNewton, WorkingSets, ProximalGradient
        return [kind(self.tol, self.max_iter) for kind in kinds]
