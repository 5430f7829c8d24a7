"""Accelerated proximal gradient descent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from polytask.datafits import Bound
from polytask.penalties import Penalty
from polytask.solvers._optimality import Optimality, optimality
from polytask.solvers._solution import Solution, first_point, learned
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
        coef, intercept = first_point(bound, start)
        state = learned(penalty, bound.shape, start)
        scale = bound.scale()
        n_iter, point = 0, _Point(coef, intercept, np.zeros(0), 1.0)
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
    """Coefficients and intercepts, the response of the loss to them, and the curvature of the step."""

    coef: np.ndarray
    intercept: np.ndarray
    response: np.ndarray
    lipschitz: float

    def beyond(self, other: _Point, ahead: float) -> _Point:
        """The point on the line from another one, further by a share of their distance."""
        coef, intercept, response = (
            new + ahead * (new - old) for new, old in zip(self[:3], other[:3], strict=True)
        )
        return _Point(coef, intercept, response, self.lipschitz)


def _steps(
    bound: Bound,
    penalty: Penalty,
    state: Mapping[str, Any],
    coef: np.ndarray,
    intercept: np.ndarray,
) -> Iterator[_Point]:
    """Points after every step, first of all the start."""
    of_coef, of_intercept = bound.lipschitz()
    if not np.isfinite(of_coef).all():  # the curvature is found on the way
        of_coef, of_intercept = bound.rows.curvature(), bound.rows.mass
    lipschitz = float(of_coef.max())
    ratio = of_intercept / max(lipschitz, 1e-300)
    lipschitz = max(lipschitz, 1e-12)
    before = _Point(coef, intercept, bound.respond(coef, intercept), lipschitz)
    at, momentum = before, 1.0
    yield before
    while True:
        new = _step(bound, penalty, state, at, ratio)
        uphill = float(((at.coef - new.coef) * (new.coef - before.coef)).sum())
        uphill += float(
            (at.intercept - new.intercept) @ (ratio * (new.intercept - before.intercept))
        )
        following = 1.0 if uphill > 0 else 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        at = new.beyond(before, 0.0 if uphill > 0 else (momentum - 1) / following)
        if uphill > 0:
            at = at._replace(lipschitz=_LOWERED * at.lipschitz)
        before, momentum = new, following
        yield new


def _step(
    bound: Bound,
    penalty: Penalty,
    state: Mapping[str, Any],
    at: _Point,
    ratio: np.ndarray,
) -> _Point:
    """A proximal step of the least curvature, raised from the start's, that bounds the loss."""
    value = bound.value_at(*at[:3])
    slope, rise = bound.gradient_at(*at[:3])
    new, lipschitz = at, at.lipschitz
    for attempt in range(_ATTEMPTS):
        coef = penalty.prox(at.coef - slope / lipschitz, 1 / lipschitz, state)
        drop = np.where(ratio > 0, rise / np.maximum(lipschitz * ratio, 1e-300), 0.0)
        level = at.intercept - drop
        new = _Point(coef, level, bound.respond(coef, level), lipschitz)
        move = coef - at.coef
        bend = 0.5 * lipschitz * (float((move**2).sum()) + float(ratio @ drop**2))
        limit = value + float((slope * move).sum()) - float(rise @ drop) + bend
        if bound.value_at(*new[:3]) <= limit + 1e-12 * abs(value) or attempt == _ATTEMPTS - 1:
            break
        lipschitz *= _RAISED
    return new
