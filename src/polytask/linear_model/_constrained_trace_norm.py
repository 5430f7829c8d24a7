"""Base class of models with a bounded trace norm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit
from polytask.exceptions import ParameterError
from polytask.linear_model._low_rank import LowRank
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._trace_norm_ball import TraceNormBall
from polytask.penalties import Penalty, TraceNorm
from polytask.ranges import Range, SearchRange
from polytask.solvers import Solution

__all__ = ["BoundedSubspace"]


class BoundedSubspace(LowRank):
    """A bound on the trace norm of coefficients, in place of a penalty.

    Parameters
    ----------
    radius : float in (0, inf), default 1.0

    Attributes
    ----------
    alpha_ : float
        The strength at which the trace norm as a penalty has the same solution.
    """

    strength_setting: ClassVar[str] = "radius"
    bounds: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "radius": Interval(float, 0.0, closed="neither"),
        **{k: v for k, v in PenalizedEstimator.parameter_constraints.items() if k != "alpha"},
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "radius": Range(0.01, 1000.0, log=True, default=1.0, values=(0.3, 3.0, 10.0))
    }

    alpha_: float

    def __init__(
        self,
        radius: float = 1.0,
        *,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.radius = radius
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def penalty(self) -> Penalty:
        """The constraint."""
        return TraceNormBall(radius=self.strength)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Minimise, from zero or from what is nearest to a start within the bound."""
        if start is not None:
            start = replace(start, coef=self.penalty().prox(start.coef, 1.0))
        return super().solution(bound, start)

    def largest(self, bound: Bound) -> float:
        """None: every radius leaves coefficients.

        Raises
        ------
        ParameterError
            Always.
        """
        sentence = (
            f"{type(self).__name__} has no strength at which all coefficients are 0: it bounds their trace norm "
            "by `radius`. Use `alpha_max` of TraceNormRegressor or TraceNormClassifier."
        )
        raise ParameterError(sentence)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep the strength of the penalty that has the same solution, too."""
        super().keep(bound, solution)
        slope: Any = bound.gradient(solution.coef, solution.intercept)[0]
        self.alpha_ = TraceNorm(1.0).dual_norm(slope)
