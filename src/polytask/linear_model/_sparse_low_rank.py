"""Base class of models with tasks in a common subspace, plus sparse coefficients."""

from __future__ import annotations

from polytask.linear_model._subspace_and_own import SubspaceAndOwn
from polytask.penalties import L1, Penalty

__all__ = ["SubspaceAndSparse"]


class SubspaceAndSparse(SubspaceAndOwn):
    """A part of low rank, plus a sparse one."""

    def own_penalty(self) -> Penalty:
        """`L1`."""
        return L1(self.own_ratio)
