"""Base class of linear models that minimise a datafit plus a penalty."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from polytask.constraints import Constraint, InstanceOf, Interval, check_parameters
from polytask.datafits import Bound, Datafit, TaskRows, rows_of
from polytask.estimators import TaskTable
from polytask.exceptions import DataError, ParameterError
from polytask.linear_model._named_datafit import LossOf, named_datafit
from polytask.linear_model._streaming import Streaming
from polytask.penalties import Penalty, SquaredL2
from polytask.ranges import Range, SearchRange
from polytask.solvers import (
    AlternatingDirections,
    ClosedForm,
    ProximalGradient,
    ProximalNewton,
    QuasiNewton,
    Solution,
    Solver,
)

__all__ = ["STRENGTH", "PenalizedEstimator"]

STRENGTH = Range(1e-5, 10.0, log=True, default=0.01, values=(0.1, 0.001, 1.0, 0.0001))


class PenalizedEstimator(Streaming):
    r"""Minimises the tasks' mean losses plus a penalty of all coefficients.

    .. math:: \min_{W, b}\ \sum_k \sum_i \omega_{ik}\, \ell(x_i^\top w_k + b_k, y_{ik}) + \alpha\,\Omega(W)

    with weights that sum to 1 in every task. A class defines `penalty`; the first of `solvers` that serves
    loss and penalty is used. Squared errors are learned from rows in parts, too (`partial_fit`).

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    loss : str or Datafit, default "auto"
        Of a score on a label, by the name of a class of `polytask.datafits`: the squared error of numbers and
        the log loss of classes if not given.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative accuracy at which the solver stops.
    max_iter : int, default 10000

    Attributes
    ----------
    strength_setting : str, default "alpha"
        Name of the parameter that `strength` is.
    bounds : bool, default False
        Whether it is a bound, so that small ones are strong and none sets all coefficients to 0.
    n_iter_ : int
        Iterations of the solver.
    dual_gap_ : float
        Relative duality gap at the end, where the dual is known.
    residual_ : float
        Relative fixed-point residual, gradient or residual of the equations at the end, where it is not.
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": Interval(float, 0.0),
        "loss": LossOf(),
        "fit_intercept": InstanceOf((bool,)),
        "tol": Interval(float, 0.0, closed="neither"),
        "max_iter": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": STRENGTH}
    strength_setting: ClassVar[str] = "alpha"
    bounds: ClassVar[bool] = False
    _zero_remedy: str = "Lower `alpha`."

    def __init_subclass__(cls, **options: Any) -> None:
        """Hold `loss` to those of numbers or of classes, whichever are learned."""
        super().__init_subclass__(**options)
        if isinstance(cls.parameter_constraints.get("loss"), LossOf):
            loss = LossOf(classes=cls.learns_classes)
            cls.parameter_constraints = {**cls.parameter_constraints, "loss": loss}

    def __init__(
        self,
        alpha: float = 0.01,
        *,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.alpha = alpha
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def datafit(self) -> Datafit:
        """The loss of these settings."""
        return named_datafit(type(self).__name__, self.loss, classes=self.learns_classes)

    @property
    def strength(self) -> float:
        """The value of `strength_setting`; of a path, the strength that is being tried."""
        return float(getattr(self, self.strength_setting))

    @strength.setter
    def strength(self, value: float) -> None:
        setattr(self, self.strength_setting, value)

    @abstractmethod
    def penalty(self) -> Penalty:
        """The penalty of these settings, with `strength`."""

    def solvers(self) -> Sequence[Solver]:
        """Solvers, in the order of preference.

        Of quadratic penalties the closed form for squared errors, else a quasi-Newton method; of others
        alternating directions for squared errors, else proximal Newton steps, or gradients.
        """
        kinds = (
            ClosedForm,
            QuasiNewton,
            AlternatingDirections,
            ProximalNewton,
            ProximalGradient,
        )
        return [kind(self.tol, self.max_iter) for kind in kinds]

    def learn(self, table: TaskTable) -> None:
        """Minimise, and keep coefficients and what the penalty learned."""
        self._forget()
        bound = self.bind(rows_of(table, fit_intercept=self.fit_intercept))
        self.keep(bound, self.solution(bound))

    def solution(self, bound: Bound, start: Solution | None = None) -> Solution:
        """Minimise, from zero or from a solution of a near problem."""
        return solve(bound, self.penalty(), self.solvers(), start)

    def alpha_max(
        self,
        X: Any,
        y: Any,
        *,
        tasks: Any = None,
        sample_weight: Any = None,
        task_weights: Any = None,
    ) -> float:
        """The smallest strength at which all coefficients are 0, exactly.

        Parameters
        ----------
        X, y, tasks, sample_weight, task_weights
            As for `fit`.

        Raises
        ------
        ParameterError
            If the penalty sets no coefficients to zero.
        """
        check_parameters(self)
        model = clone(self)  # it learns of the tasks and their classes, which a penalty may need
        table = model._table(X, y, tasks, sample_weight, task_weights)  # noqa: SLF001
        return model.largest(model.bind(rows_of(table, fit_intercept=self.fit_intercept)))

    def largest(self, bound: Bound) -> float:
        """The smallest strength at which all coefficients are 0, for a loss on rows."""
        slope, _ = bound.gradient(np.zeros(bound.shape), bound.start())
        return self.penalty().alpha_max(slope)

    def bind(self, rows: TaskRows) -> Bound:
        """The loss on rows.

        Raises
        ------
        DataError
            If the loss is not defined for the labels.
        """
        datafit = self.datafit().of_columns(self._owners())
        problem = datafit.problem(rows.labels[rows.weights > 0])
        if problem is not None:
            raise DataError(f"The `y` parameter of {type(self).__name__} {problem}.")
        return datafit.bind(rows)

    def linear(self, bound: Bound, solution: Solution) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients, (n_tasks, n_features), and intercepts for inputs as they came."""
        return solution.coef, bound.rows.intercepts(solution.coef, solution.intercept)

    def keep(self, bound: Bound, solution: Solution) -> None:
        """Set the fitted attributes, and warn of what is unusual about them."""
        self.coef_, self.intercept_ = self.linear(bound, solution)
        self.n_iter_ = solution.n_iter
        if solution.measure == "duality gap":
            self.dual_gap_ = solution.gap
        else:
            self.residual_ = solution.gap
        self._warn(bound, solution)

    def judged(self, losses: np.ndarray) -> np.ndarray:
        """By what folds judge, of mean losses of tasks: these themselves."""
        return losses

    def response(self, scores: np.ndarray) -> np.ndarray:
        """What scores predict, by the loss."""
        return self.datafit().response(scores)

    def probability(self, scores: np.ndarray) -> np.ndarray | None:
        """Probabilities of the second class by the loss; None if it gives none."""
        return self.datafit().probability(scores)

    def probabilities(self, scores: np.ndarray) -> np.ndarray | None:
        """Probabilities of more than two classes by the loss; None if each is against the rest."""
        return self.datafit().probabilities(scores)

    def couples_classes(self) -> bool:
        """Whether the classes of a task have a loss together."""
        return self.datafit().couples

    def _warn(self, bound: Bound, solution: Solution) -> None:
        name = type(self).__name__
        if not solution.converged:
            remark = (
                f"{name} stopped after {solution.n_iter} iterations at a relative {solution.measure} of "
                f"{solution.gap:.2g}, above tol={self.tol:g}. Raise `max_iter` or `tol`, or scale the "
                "features alike."
            )
            warnings.warn(remark, ConvergenceWarning, stacklevel=4)
        sentence = None if solution.coef.any() else self._zero_remark(bound)
        if sentence is not None:
            warnings.warn(sentence, UserWarning, stacklevel=4)

    def _zero_remark(self, bound: Bound) -> str | None:
        """What is to be said of coefficients that are all 0."""
        if self.penalty().dual_norm(np.zeros(bound.shape)) is None:
            return None
        return (
            f"All coefficients of {type(self).__name__} are 0: alpha={self.strength:g} is not below "
            f"{self.largest(bound):.4g}, from which on this is the best solution. {self._zero_remedy}"
        )


def solve(
    bound: Bound, penalty: Penalty, solvers: Sequence[Solver], start: Solution | None = None
) -> Solution:
    """Minimise by the first solver that serves both.

    Norms of strength 0 are left out: their dual says nothing of the optimum, and the loss alone has a
    solution in closed form, or by quasi-Newton steps.

    Raises
    ------
    ParameterError
        If none does, with what each misses.
    """
    if penalty.alpha == 0 and penalty.dual_norm(np.zeros(bound.shape)) is not None:
        settings = solvers[0].tol, solvers[0].max_iter
        penalty, solvers = SquaredL2(0.0), [ClosedForm(*settings), QuasiNewton(*settings)]
    refusals = []
    for solver in solvers:
        refusal = solver.refuses(bound, penalty)
        if refusal is None:
            return solver.minimize(bound, penalty, start)
        refusals.append(refusal)
    raise ParameterError(" ".join(refusals))
