"""Newton's method for smooth losses and norms with a proximal map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from polytask.datafits import Bound
from polytask.penalties import Penalty
from polytask.solvers._alternating_directions import AlternatingDirections, too_large
from polytask.solvers._newton_steps import Scored, lower, misses, model
from polytask.solvers._optimality import duality_gap
from polytask.solvers._proximal_gradient import ProximalGradient
from polytask.solvers._solution import Solution
from polytask.solvers._solver import Solver

__all__ = ["ProximalNewton"]

_FIRST = 40
"""Proximal gradient steps before the first of Newton's method."""
_SHARE, _FINAL_SHARE = 0.1, 0.5
"""Of the duality gap and of `tol`, to which the quadratic model of a step is solved."""


@dataclass(frozen=True)
class ProximalNewton(Solver):
    r"""Proximal gradients, and Newton's method where these are slow.

    .. math:: W^{+} = \arg\min_V\ \tfrac12 \sum_{ik} h_{ik} (z_{ik} - x_i^\top v_k - b_k)^2 + \alpha\,\Omega(V), \qquad
        z = s - \ell'(s) / \ell''(s), \qquad h = \omega\,\ell''(s)

    with the scores s of W. The weighted squared errors are minimised by
    `polytask.solvers.AlternatingDirections`, and the step is halved until the objective falls by enough.
    Problems that some tens of `polytask.solvers.ProximalGradient` steps solve end with these.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of steps of both kinds.

    References
    ----------
    Lee, Sun and Saunders, "Proximal Newton-type methods for minimizing composite functions", SIAM Journal on
    Optimization 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Logistic, SharedRows
    >>> from polytask.penalties import TraceNorm
    >>> from polytask.solvers import ProximalNewton
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> labels = (X[:, :1] * [1.0, -1.0] > 0).astype(float)
    >>> solution = ProximalNewton().solve(
    ...     Logistic().bind(SharedRows(X, labels)), TraceNorm(alpha=0.001)
    ... )
    >>> solution.converged
    True
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is squared or has no second derivatives or conjugate, or the penalty is no norm."""
        if penalty.dual_norm(np.zeros(bound.shape)) is None:
            return f"ProximalNewton needs a norm. Got {type(penalty).__name__}."
        missing = misses(bound)
        if missing is not None:
            return f"ProximalNewton {missing}"
        refusal = ProximalGradient().refuses(bound, penalty)
        return refusal or too_large(bound.rows, common=False)  # the model weighs rows by task

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Step until the duality gap is small."""
        gradients = ProximalGradient(self.tol, min(_FIRST, self.max_iter))
        solution = gradients.minimize(bound, penalty, start)
        while not solution.converged and solution.n_iter < self.max_iter:
            further = self._step(bound, penalty, solution)
            if further is None:  # rounding leaves nothing to gain by the model
                rest = ProximalGradient(self.tol, self.max_iter - solution.n_iter)
                last = rest.minimize(bound, penalty, solution)
                return replace(last, n_iter=solution.n_iter + last.n_iter)
            solution = further
        return solution

    def _step(self, bound: Bound, penalty: Penalty, solution: Solution) -> Solution | None:
        """A step of Newton's method, and its gap; None if none leads lower."""
        point = Scored.of(bound, solution.coef, solution.intercept)
        near, scale = model(bound, point), bound.scale()
        goal = max(_SHARE * solution.gap, _FINAL_SHARE * self.tol) * scale
        inner = AlternatingDirections(goal / near.scale())
        coef = inner.minimize(near, penalty, solution).coef
        further = lower(bound, lambda coef: float(penalty.value(coef)), point, near, coef)
        if further is None:
            return None
        gap = duality_gap(bound, penalty, further.coef, further.intercept, scale)
        gap = np.inf if gap is None else gap
        return replace(
            solution,
            coef=further.coef,
            intercept=further.intercept,
            n_iter=solution.n_iter + 1,
            gap=gap,
            converged=bool(gap <= self.tol),
        )
