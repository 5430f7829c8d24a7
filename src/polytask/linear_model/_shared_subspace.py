"""Base class of models whose tasks are near a subspace that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits import Datafit
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator
from polytask.ranges import Range, SearchRange

__all__ = ["SharedSubspace"]


class SharedSubspace(PenalizedEstimator):
    """A subspace of the features' space that all tasks use freely, and their distance to it.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
    n_components : int in [1, inf), default 2
    eta : float in [0, inf), default 0.1

    Attributes
    ----------
    components_ : array of shape (rank, n_features)
        Orthonormal directions that span the subspace, the most used first.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "n_components": Interval(int, 1),
        "eta": Interval(float, 0.0),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "n_components": Range(1, 20, log=True, default=2, values=(5, 1), integer=True),
        "eta": Range(1e-4, 10.0, log=True, default=0.1, values=(0.01, 1.0)),
    }

    components_: np.ndarray

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        n_components: int = 2,
        eta: float = 0.1,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.n_components = n_components
        self.eta = eta
