"""Base class of models that select features, with equal coefficients of neighbouring tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits import Datafit
from polytask.linear_model._classes_of_columns import classes_of_columns
from polytask.linear_model._sparse_group import SparseSelection
from polytask.penalties import FusedSparseGroup, Penalty
from polytask.ranges import Range, SearchRange

__all__ = ["FusedSelection"]


class FusedSelection(SparseSelection):
    """Norms of features, absolute coefficients and absolute differences of neighbours as penalty.

    Parameters
    ----------
    fused_ratio : float in [0, inf), default 0.5
    """

    orders_tasks: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SparseSelection.parameter_constraints,
        "fused_ratio": Interval(float, 0.0),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **SparseSelection.search_ranges,
        "fused_ratio": Range(0.05, 5.0, log=True, default=0.5, values=(0.2, 2.0)),
    }

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        l1_ratio: float = 0.5,
        fused_ratio: float = 0.5,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(
            alpha,
            l1_ratio=l1_ratio,
            loss=loss,
            fit_intercept=fit_intercept,
            tol=tol,
            max_iter=max_iter,
        )
        self.fused_ratio = fused_ratio

    def penalty(self) -> Penalty:
        """`FusedSparseGroup`, with a chain of the columns of scores of each class."""
        classes = classes_of_columns(self)
        numbers = range(classes.max() + 1)
        chains = tuple(tuple(np.flatnonzero(classes == number).tolist()) for number in numbers)
        return FusedSparseGroup(self.strength, self.l1_ratio, self.fused_ratio, chains)
