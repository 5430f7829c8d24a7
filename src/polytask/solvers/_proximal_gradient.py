"""Accelerated proximal gradient descent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from polytask.datafits import Bound
from polytask.penalties import Penalty
from polytask.solvers._optimality import Optimality, optimality
from polytask.solvers._solution import Solution, learned
from polytask.solvers._solver import Solver

__all__ = ["ProximalGradient"]

_LOOKS = 10
"""Iterations between looks at the optimality."""
_ATTEMPTS = 100
_RAISED = 1.5
_LOWERED = 0.8
"""Of the curvature, where the momentum is dropped."""


@dataclass(frozen=True)
class ProximalGradient(Solver):
    r"""Accelerated proximal gradient steps with restarts, on W and b together.

    .. math:: W^{+} = \operatorname{prox}_{\alpha\Omega/L}\big(V - \nabla_W f(V, c)/L\big), \qquad
        b^{+} = c - \nabla_b f(V, c)/L_b

    with extrapolated points V and c. The momentum is dropped where it points uphill (gradient scheme), and
    L is lowered there, and raised in a step until the loss is below its quadratic bound, so that it follows
    the curvature on the way.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap where the penalty is a norm and the loss has a known conjugate, else the
        fixed-point residual.
    max_iter : int, default 10000

    References
    ----------
    Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", SIAM
    Journal on Imaging Sciences 2009.
    O'Donoghue and Candès, "Adaptive restart for accelerated gradient schemes", Foundations of Computational
    Mathematics 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.penalties import TraceNorm
    >>> from polytask.solvers import ProximalGradient
    >>> bound = Squared().bind(SharedRows(np.eye(2), np.diag([4.0, 1.0]), fit_intercept=False))
    >>> ProximalGradient().solve(bound, TraceNorm(alpha=1.0)).coef.round(4) + 0
    array([[2., 0.],
           [0., 0.]])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the penalty has no proximal map."""
        del bound
        if type(penalty).prox is Penalty.prox:
            return f"ProximalGradient needs a proximal map, which {type(penalty).__name__} has not."
        return None

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Step until the optimality measure is small."""
        if start is None:
            coef, intercept = np.zeros(bound.shape), bound.start()
        else:
            coef, intercept = start.coef, start.intercept
        state = learned(penalty, bound.shape, start)
        scale = bound.scale()
        n_iter, point = 0, _Point(coef, intercept, 1.0)
        now = Optimality(np.inf, "fixed-point residual")
        for n_iter, point in enumerate(_steps(bound, penalty, state, coef, intercept)):
            if n_iter % _LOOKS and n_iter < self.max_iter:
                continue
            now = optimality(
                bound, penalty, point.coef, point.intercept, state, point.lipschitz, scale
            )
            if now.gap <= self.tol or n_iter >= self.max_iter:
                break
        return Solution(
            point.coef, point.intercept, n_iter, now.gap, now.measure, now.gap <= self.tol, state
        )


class _Point(NamedTuple):
    """Coefficients and intercepts after a step, and the curvature that it took."""

    coef: np.ndarray
    intercept: np.ndarray
    lipschitz: float


def _steps(
    bound: Bound,
    penalty: Penalty,
    state: Mapping[str, Any],
    coef: np.ndarray,
    intercept: np.ndarray,
) -> Iterator[_Point]:
    """Coefficients, intercepts and L after every step, first of all the start."""
    of_coef, of_intercept = bound.lipschitz()
    if not np.isfinite(of_coef).all():  # the curvature is found on the way
        of_coef, of_intercept = bound.rows.curvature(), bound.rows.mass
    lipschitz = float(of_coef.max())
    ratio = of_intercept / max(lipschitz, 1e-300)
    lipschitz = max(lipschitz, 1e-12)
    before = _Point(coef, intercept, lipschitz)
    at, free, momentum, curvature = coef, intercept, 1.0, lipschitz
    yield before
    while True:
        new = _step(bound, penalty, state, _Point(at, free, curvature), ratio)
        uphill = float(((at - new.coef) * (new.coef - before.coef)).sum())
        uphill += float((free - new.intercept) @ (ratio * (new.intercept - before.intercept)))
        following = 1.0 if uphill > 0 else 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        ahead = 0.0 if uphill > 0 else (momentum - 1) / following
        at = new.coef + ahead * (new.coef - before.coef)
        free = new.intercept + ahead * (new.intercept - before.intercept)
        before, momentum = new, following
        curvature = new.lipschitz * (_LOWERED if uphill > 0 else 1.0)
        yield new


def _step(
    bound: Bound,
    penalty: Penalty,
    state: Mapping[str, Any],
    start: _Point,
    ratio: np.ndarray,
) -> _Point:
    """A proximal step of the least curvature, raised from the start's, that bounds the loss."""
    at, free, lipschitz = start
    value, slope, rise = bound.value_and_gradient(at, free)
    new, level = at, free
    for attempt in range(_ATTEMPTS):
        new = penalty.prox(at - slope / lipschitz, 1 / lipschitz, state)
        level = free - np.where(ratio > 0, rise / np.maximum(lipschitz * ratio, 1e-300), 0.0)
        move, shift = new - at, level - free
        bend = 0.5 * lipschitz * (float((move**2).sum()) + float(ratio @ shift**2))
        limit = value + float((slope * move).sum()) + float(rise @ shift) + bend
        if bound.value(new, level) <= limit + 1e-12 * abs(value) or attempt == _ATTEMPTS - 1:
            break
        lipschitz *= _RAISED
    return _Point(new, level, lipschitz)
