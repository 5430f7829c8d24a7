"""Abstract base class of sums of norms of groups of parameters."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["GroupNorms"]


@dataclass(frozen=True)
class GroupNorms(Penalty):
    """The sum of the norms of groups that do not overlap, times alpha. A class defines `norms`."""

    smooth: ClassVar[bool] = False

    @abstractmethod
    def norms(self, weights: Array) -> Array:
        """The norm of each group, in a shape that broadcasts with W."""

    def value(self, weights: Array, state: State | None = None) -> Array:
        """The sum of norms, times alpha."""
        return self.alpha * namespace(weights).sum(self.norms(weights))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """Groups divided by their norms, times alpha; zero where the norm is."""
        xp = namespace(weights)
        norms = self.norms(weights)
        return self.alpha * weights / xp.where(norms > 0, norms, xp.ones_like(norms))

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Groups shortened, those that are short to zero."""
        xp = namespace(weights)
        norms = self.norms(weights)
        left = xp.clip(norms - step * self.alpha, 0.0)
        return weights * (left / xp.where(norms > 0, norms, xp.ones_like(norms)))

    def dual_norm(self, gradient: Array) -> float:
        """The norm of the longest group."""
        return float(namespace(gradient).max(self.norms(gradient)))
