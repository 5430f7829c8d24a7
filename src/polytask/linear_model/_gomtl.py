"""Base class of models with sparse combinations of components that tasks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int

from polytask.constraints import Constraint, Interval
from polytask.datafits import Bound, Datafit, MappedRows
from polytask.exceptions import ParameterError
from polytask.linear_model._apart import ridge_per_task
from polytask.linear_model._component_step import ComponentStep, balanced
from polytask.linear_model._in_order import in_order
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator, solve
from polytask.linear_model._span import span_of
from polytask.linear_model._turns import Turns, take_turns
from polytask.linear_model._varimax import varimax
from polytask.penalties import L1
from polytask.ranges import Range, SearchRange
from polytask.solvers import ProximalGradient, Solution, Solver

__all__ = ["SparseCombinations"]

_FINER = 0.01
"""Of the tolerance, within a turn."""
_STEPS = 1000


class SparseCombinations(PenalizedEstimator):
    """Absolute values of codes of tasks, and squares of the components that they combine, as penalty.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
    n_components : int in [1, inf), default 3

    Attributes
    ----------
    codes_ : array of shape (n_tasks, n_components)
    components_ : array of shape (n_components, n_features)
    task_groups_ : array of shape (n_tasks,), int
        Tasks whose codes use the same components, numbered as they appear.
    """

    codes_: Float64[np.ndarray, "tasks k"]
    components_: Float64[np.ndarray, "k features"]
    task_groups_: Int[np.ndarray, " tasks"]

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "n_components": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": STRENGTH,
        "n_components": Range(1, 20, log=True, default=3, values=(5, 1), integer=True),
    }

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        n_components: int = 3,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-3,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.n_components = n_components

    def penalty(self) -> L1:
        """That of codes."""
        return L1(self.strength)

    def solvers(self) -> Sequence[Solver]:
        """Of codes, for components as they are."""
        return (ProximalGradient(_FINER * self.tol, _STEPS),)

    def largest(self, bound: Bound) -> float:
        """Raise that there is none: it depends on the components.

        Raises
        ------
        ParameterError
        """
        name = type(self).__name__
        sentence = f"{name} has no largest strength: it depends on what is learned. Give `alpha`."
        raise ParameterError(sentence)

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Codes and components in turns; from ridge regressions, since components without codes would stay so."""
        start = self.first(bound)
        step = ComponentStep(bound, self.strength, _FINER * self.tol, _STEPS)
        turns = Turns(
            lambda now: self.improved(step, now),
            lambda now: self.objective(bound, now),
            lambda now: now.state["components"],
            lambda now, part: replace(now, state={**now.state, "components": part}),
        )
        return take_turns(turns, start, self.tol, self.max_iter)

    def first(self, bound: Bound) -> Solution:
        """Ridge regressions, in whose span those components are first for which codes are sparse."""
        apart = ridge_per_task(bound, self.strength, _FINER * self.tol, _STEPS)
        components = span_of(apart.coef)[: self.n_components]
        components = components if len(components) else np.zeros((1, bound.shape[1]))
        codes = apart.coef @ components.T
        rotation = varimax(codes)
        codes, components = codes @ rotation, rotation.T @ components
        return replace(apart, state={"codes": codes, "components": components})

    def improved(self, step: ComponentStep, now: Solution) -> Solution:
        """Better codes and intercepts, then better components."""
        components = now.state["components"]
        mapped = step.bound.datafit.bind(MappedRows(step.bound.rows, components.T))
        begin = replace(now, coef=now.state["codes"], state={})
        found = solve(mapped, self.penalty(), self.solvers(), begin)
        components = step.best(found.coef, found.intercept, components)
        codes, components = balanced(found.coef, components)
        state = {"codes": codes, "components": components}
        return replace(found, coef=codes @ components, state=state)

    def objective(self, bound: Bound, now: Solution) -> float:
        """What codes and components minimise together."""
        codes, components = now.state["codes"], now.state["components"]
        loss = bound.value(now.coef, now.intercept)
        sizes = np.abs(codes).sum() + 0.5 * (components**2).sum()
        return loss + self.strength * float(sizes)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Keep codes, components and which tasks use the same, too."""
        super().keep(bound, solution)
        self.codes_, self.components_ = solution.state["codes"], solution.state["components"]
        patterns = np.unique(self.codes_ != 0, axis=0, return_inverse=True)[1]
        self.task_groups_ = in_order(patterns.ravel())

    def _zero_remark(self, bound: Bound) -> str:
        return (
            f"All coefficients of {type(self).__name__} are 0: alpha={self.strength:g} is too strong. "
            f"{self._zero_remedy}"
        )
