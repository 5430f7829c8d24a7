"""Base class of models whose coefficients are sums of two parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit, RepeatedRows, TaskRows
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._sum_penalty import SumPenalty
from polytask.penalties import Penalty
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["SumOfParts"]


class SumOfParts(PenalizedEstimator):
    r"""Coefficients W = B + S with a penalty of each part.

    .. math:: \min_{B, S, b}\ f(B + S, b) + \alpha\,\big(\Omega_1(B) + r\,\Omega_2(S)\big)

    A class defines `common_penalty` and `own_penalty`. Both parts are one matrix to the solver
    (`RepeatedRows`).

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
    own_ratio : float in (0, inf), default 0.5
        Strength r of the penalty of own parts, in units of alpha.

    Attributes
    ----------
    common_coef_, own_coef_ : array of shape (n_tasks, n_features)
        B and S, whose sum is `coef_`.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "own_ratio": Interval(float, 0.0, closed="neither"),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **PenalizedEstimator.search_ranges,
        "own_ratio": Range(0.05, 2.0, log=True, default=0.5, values=(0.3, 0.8, 0.15)),
    }

    common_coef_: np.ndarray
    own_coef_: np.ndarray

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        own_ratio: float = 0.5,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.own_ratio = own_ratio

    @abstractmethod
    def common_penalty(self) -> Penalty:
        """The penalty of B, of strength 1."""

    @abstractmethod
    def own_penalty(self) -> Penalty:
        """The penalty of S, of strength `own_ratio`."""

    def penalty(self) -> Penalty:
        """Both, of parts side by side."""
        return SumPenalty(self.strength, self.common_penalty(), self.own_penalty())

    def bind(self, rows: TaskRows) -> Bound:
        """The loss of the sum."""
        return super().bind(RepeatedRows(rows))

    def linear(self, bound: Bound, solution: Solution) -> tuple[np.ndarray, np.ndarray]:
        """The sum of both parts."""
        parts, intercept = super().linear(bound, solution)
        common, own = np.split(parts, 2, axis=1)
        return common + own, intercept

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep both parts, too."""
        super().keep(bound, solution)
        self.common_coef_, self.own_coef_ = np.split(solution.coef, 2, axis=1)
