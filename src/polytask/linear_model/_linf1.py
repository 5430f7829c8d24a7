"""Base class of models that select features by their largest coefficients."""

from __future__ import annotations

from polytask.linear_model._feature_selection import FeatureSelection
from polytask.penalties import LInf1, Penalty

__all__ = ["LargestSelection"]


class LargestSelection(FeatureSelection):
    """The sum of the largest coefficients of features as penalty."""

    def penalty(self) -> Penalty:
        """`LInf1`."""
        return LInf1(self.strength)
