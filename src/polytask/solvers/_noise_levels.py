"""Root mean squared errors by squared errors whose noise is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from polytask.datafits import Bound, CalibratedBound
from polytask.penalties import Penalty
from polytask.solvers._alternating_directions import AlternatingDirections
from polytask.solvers._anderson import Anderson
from polytask.solvers._group_newton import GroupNewton
from polytask.solvers._optimality import duality_gap
from polytask.solvers._solution import Solution, first_point
from polytask.solvers._solver import Solver

__all__ = ["NoiseLevels"]

_COARSEST, _FINEST = 1e-3, 1e-15
"""Duality gaps to which squared problems are solved, in units of zero coefficients; and of the last gap of all."""
_FINER = 0.1
_SHARE = 0.3
"""Of the duality gap: if noise changes by less, most of the gap is that of the squared problem."""
_LEAST = 1e-9
"""Of the tolerance: the finest solution of squared problems."""
_PATIENCE = 30
"""Turns without a lower gap after which rounding leaves nothing to gain."""
_MOST_STEPS = 300
"""Of a squared problem."""


@dataclass(frozen=True)
class NoiseLevels(Solver):
    r"""The noise of each task and the squared problems that it weighs, in turn.

    .. math:: \min_{W, \sigma}\ \sum_k \frac{q_k(W)^2}{2 \sigma_k} + \frac{\sigma_k}{2} + \alpha\,\Omega(W)

    This is jointly convex, so that turns of both end at the optimum. Anderson's extrapolation of
    :math:`\log \sigma` shortens the way; where it leads up it is dropped. Squared problems are solved by
    `GroupNewton` or `AlternatingDirections`, each from the solution before, finer as soon as the noise no longer
    changes.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of turns.

    References
    ----------
    Sun and Zhang, "Scaled sparse linear regression", Biometrika 2012.
    Liu, Wang and Zhao, "Multivariate regression with calibration", NeurIPS 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import CalibratedBound, SharedRows, Squared
    >>> from polytask.penalties import L21
    >>> from polytask.solvers import NoiseLevels
    >>> X = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    >>> squared = Squared().bind(SharedRows(X, np.array([[3.0], [-3.0], [1.0], [-1.0]])))
    >>> solution = NoiseLevels().solve(CalibratedBound(squared, np.full(1, 0.01)), L21(alpha=0.6))
    >>> solution.coef.round(3)  # 2 less alpha times sigma: 0.6 (1 + 0.6² sigma²) ^ ½
    array([[1.25]])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is another, or the penalty has no dual norm or no proximal map."""
        if not isinstance(bound, CalibratedBound):
            return f"NoiseLevels needs root mean squared errors. Got {type(bound).__name__}."
        if penalty.dual_norm(np.zeros(bound.shape)) is None:
            return f"NoiseLevels needs a norm. Got {type(penalty).__name__}."
        return AlternatingDirections().refuses(bound.squared, penalty)

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Turn until the duality gap is small."""
        calibrated: Any = bound
        return _Turns(calibrated, penalty, self.tol, start).run(self.max_iter)


class _Turns:
    """The logarithm of noise to try next, and the last solution of a squared problem."""

    def __init__(
        self, bound: CalibratedBound, penalty: Penalty, tol: float, start: Solution | None
    ) -> None:
        self.bound, self.penalty, self.tol = bound, penalty, tol
        self.last = start or Solution(
            *first_point(bound, None), 0, np.inf, "duality gap", converged=False
        )
        self.kind = GroupNewton if penalty.sums_norms else AlternatingDirections
        self.scale, self.goal, self.gap = bound.scale(), _COARSEST, np.inf
        self.noise = self.plain = self._found(self.last.coef)
        self.range = np.log(bound.least), self._found(np.zeros(bound.shape))
        self.best, self.accelerate = np.inf, Anderson()

    def run(self, max_iter: int) -> Solution:
        n_iter, lowest, since = 0, np.inf, 0
        while self.gap > self.tol and n_iter < max_iter and since < _PATIENCE:
            n_iter += 1
            self._turn()
            since = 0 if self.gap < lowest else since + 1
            lowest = min(lowest, self.gap)
        converged = self.gap <= self.tol
        return Solution(
            self.last.coef, self.bound.start(), n_iter, self.gap, "duality gap", converged
        )

    def _turn(self) -> None:
        """Solve a squared problem, measure the gap, and choose the next noise."""
        squared = self.bound.weighted(np.exp(self.noise))
        goal = min(self.goal, _COARSEST * self.gap)
        fine = max(goal * self.scale / squared.scale(), _FINEST)
        self.last = self.kind(fine, _MOST_STEPS).minimize(squared, self.penalty, self.last)
        coef = self.last.coef
        found = self._found(coef)
        value = self.bound.value(coef, self.bound.start()) + float(self.penalty.value(coef))
        change = found - self.noise
        coarse = self.last.gap * squared.scale() + 1e-12 * self.scale
        if value > self.best + coarse and self.noise is not self.plain:
            self.accelerate.forget()
            self.noise = self.plain
        else:
            self.best, self.plain = min(value, self.best), found
            self.noise = np.clip(self.accelerate(self.noise, change), *self.range)
        gap = duality_gap(self.bound, self.penalty, coef, self.bound.start(), self.scale)
        self.gap = np.inf if gap is None else gap
        if np.abs(change).max() < _SHARE * self.gap:
            self.goal = max(self.goal * _FINER, _LEAST * self.tol)

    def _found(self, coef: Float64[np.ndarray, "tasks p"]) -> Float64[np.ndarray, " tasks"]:
        return np.log(self.bound.noise(coef, self.bound.start()))
