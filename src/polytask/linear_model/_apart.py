"""Tasks on their own, where learning together starts."""

from __future__ import annotations

from polytask.datafits import Bound
from polytask.linear_model._penalized_estimator import solve
from polytask.penalties import SquaredL2
from polytask.solvers import ClosedForm, QuasiNewton, Solution

__all__ = ["ridge_per_task"]


def ridge_per_task(bound: Bound, alpha: float, tol: float, max_iter: int) -> Solution:
    """The solution with a ridge penalty, which shares nothing.

    Parameters
    ----------
    bound : Bound
    alpha : float
    tol : float
    max_iter : int

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.linear_model._apart import ridge_per_task
    >>> bound = Squared().bind(SharedRows(np.eye(2), np.eye(2), fit_intercept=False))
    >>> ridge_per_task(bound, 0.5, 1e-6, 10).coef
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return solve(bound, SquaredL2(alpha), (ClosedForm(tol, max_iter), QuasiNewton(tol, max_iter)))
