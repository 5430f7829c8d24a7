"""Closed forms of squared errors with quadratic penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polytask.datafits import Bound, SquaredBound
from polytask.penalties import Penalty
from polytask.solvers._quadratic_equations import QuadraticEquations
from polytask.solvers._solution import Solution, learned
from polytask.solvers._solver import Solver

__all__ = ["ClosedForm"]


@dataclass(frozen=True)
class ClosedForm(Solver):
    r"""The linear equations of squared errors and a quadratic penalty.

    .. math:: G_k w_k + \alpha \sum_l P_{kl} w_l = c_k \quad \text{for each task } k

    with the products of features G, of features and labels c, and the penalty's matrix P over tasks
    (`Penalty.task_precision`), which is :math:`V \operatorname{diag}(q) V^\top`.

    - Tasks with the same labelled rows have one :math:`G = U \operatorname{diag}(g) U^\top`, and
      :math:`W = V \big(V^\top C U / (\alpha q_i + g_j)\big) U^\top`. Where a divisor is 0 it is the answer of
      the least norm.
    - Other rows, and a P with one eigenvalue for all but a few eigenvectors, as of the distance of tasks to
      their mean: the equations of each task, solved for all tasks at once, and a Schur complement of the
      size of the few.
    - Others: one dense system of up to 1000 unknowns (of the least norm if it is singular), else conjugate
      gradients, preconditioned as if all tasks had the mean of G.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative residual of the equations, :math:`\|GW + \alpha PW - C\| / \|C\|`, at which conjugate
        gradients stop. Other ways reach rounding.
    max_iter : int, default 10000
        Largest number of conjugate gradients.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.penalties import MeanDeviation
    >>> from polytask.solvers import ClosedForm
    >>> rows = SharedRows(np.eye(2), np.array([[2.0, 4.0], [0.0, 2.0]]), fit_intercept=False)
    >>> ClosedForm().solve(Squared().bind(rows), MeanDeviation(alpha=1e6)).coef.round(4) + 0
    array([[3., 1.],
           [3., 1.]])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is not squared, or the penalty not quadratic."""
        if not isinstance(bound, SquaredBound):
            return f"ClosedForm needs squared errors. Got {type(bound.datafit).__name__}."
        if penalty.task_precision(len(bound.cross), penalty.start(bound.shape)) is None:
            return f"ClosedForm needs a quadratic penalty. Got {type(penalty).__name__}."
        return None

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Solve the equations for what the penalty has learned so far."""
        squared: Any = bound
        state = learned(penalty, bound.shape, start)
        precision = penalty.alpha * np.asarray(penalty.task_precision(len(squared.cross), state))
        equations = QuadraticEquations(squared, precision)
        first = None if start is None else start.coef
        coef, n_iter = equations.solve(first, self.tol, self.max_iter)
        gap = equations.residual(coef)
        if equations.direct:
            return Solution(coef, squared.mean, n_iter, gap, "exact", True, state)
        converged = bool(gap <= self.tol)
        return Solution(coef, squared.mean, n_iter, gap, "residual", converged, state)
