"""Small quadratic programs with bounds, absolute values and sums of groups."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg import LinAlgError, cho_factor, cho_solve

__all__ = ["QuadraticProgram", "solve_program"]

_STEPS = 100
_GAP = 1e-13
_JITTER = 1e-14
_REFINEMENTS = 3


class QuadraticProgram(NamedTuple):
    r"""The program :math:`\min_\beta \tfrac12 \beta^\top H \beta - q^\top \beta + \varepsilon^\top |\beta|`.

    Subject to :math:`l \le \beta \le u` with :math:`l \le 0 \le u`, and to given sums of groups.

    Attributes
    ----------
    hessian : array of shape (n, n)
        Positive semi-definite.
    linear, cost, low, high : array of shape (n,)
        q, ε, and the bounds, which may be infinite where H is definite.
    group : array of shape (n,), int
        0 … n_groups − 1.
    sums : array of shape (n_groups,), or of shape (0,) without such constraints
    """

    hessian: Float64[np.ndarray, "n n"]
    linear: Float64[np.ndarray, " n"]
    cost: Float64[np.ndarray, " n"]
    low: Float64[np.ndarray, " n"]
    high: Float64[np.ndarray, " n"]
    group: Int[np.ndarray, " n"]
    sums: Float64[np.ndarray, " groups"]

    @property
    def member(self) -> Float64[np.ndarray, "n groups"]:
        """Indicators of groups."""
        return (self.group[:, None] == np.arange(len(self.sums))).astype(float)

    def height(self, beta: Float64[np.ndarray, " n"]) -> float:
        """What is minimised."""
        half = 0.5 * self.hessian @ beta - self.linear
        return float(beta @ half + self.cost @ np.abs(beta))


def solve_program(program: QuadraticProgram) -> Float64[np.ndarray, " n"]:
    """The solution, by a predictor-corrector interior-point method; numbers at a bound are exactly there.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._interior_point import QuadraticProgram, solve_program
    >>> ones, group = np.ones(3), np.zeros(3, dtype=int)
    >>> linear = np.array([3.0, 1.0, 0.0])
    >>> program = QuadraticProgram(np.eye(3), linear, 0 * ones, -ones, ones, group, np.zeros(1))
    >>> solve_program(program).round(6)
    array([ 1.,  0., -1.])
    """
    point = _Point(program)
    for _ in range(_STEPS):
        if point.optimal or not point.advance():
            break
    return point.solution()


class _Move(NamedTuple):
    part: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    multiplier: np.ndarray


class _Point:
    """Positive and negative parts of β inside their bounds, with multipliers of bounds and sums."""

    def __init__(self, program: QuadraticProgram) -> None:
        self.program, self.member = program, program.member
        above, below = np.flatnonzero(program.high > 0), np.flatnonzero(program.low < 0)
        self.index = np.concatenate([above, below])
        self.sign = np.repeat([1.0, -1.0], [len(above), len(below)])
        self.bound = np.concatenate([program.high[above], -program.low[below]])
        self.finite = np.isfinite(self.bound)
        self.size = float(np.abs(program.linear).mean() + program.cost.mean()) or 1.0
        diagonal = float(np.diag(program.hessian).mean())
        self.reach = min(self.size / max(diagonal, 1e-300), float(self.bound.max()))
        self.part = np.minimum(self.bound / 2, self.reach)
        self.room = np.where(self.finite, self.bound - self.part, 1.0)
        self.multiplier = np.zeros(len(program.sums))
        slope = (program.hessian @ self.joined(self.part) - program.linear)[self.index]
        slope = self.sign * slope + program.cost[self.index]
        self.lower = np.maximum(slope, 0.0) + self.size
        self.upper = np.where(self.finite, np.maximum(-slope, 0.0) + self.size, 0.0)
        self._measure()

    def joined(self, values: np.ndarray) -> np.ndarray:
        """Positive minus negative parts."""
        joined: np.ndarray = np.bincount(self.index, self.sign * values, len(self.program.linear))
        return joined

    def _measure(self) -> None:
        """Mean complementarity, and residuals of the linear conditions."""
        products = self.part @ self.lower + self.room @ self.upper
        self.count = len(self.part) + int(self.finite.sum())
        self.mean = float(products) / self.count
        beta = self.joined(self.part)
        product = self.program.hessian @ beta
        slope = product - self.program.linear - self.member @ self.multiplier
        self.scale = max(self.size * self.reach, float(beta @ product) / self.count)
        cost = self.program.cost[self.index]
        self.dual = self.sign * slope[self.index] + cost - self.lower + self.upper
        self.primal = self.member.T @ beta - self.program.sums

    @property
    def optimal(self) -> bool:
        """Whether complementarity and residuals are at the level of rounding."""
        noise = 1e-15 * float(self.part.sum()) * float(np.diag(self.program.hessian).max())
        small = np.abs(self.dual).max() < 1e-11 * self.size + noise
        return bool(small) and self.mean < _GAP * self.scale

    def advance(self) -> bool:
        """One step, by prediction and correction; False where it would not move."""
        self._factorise()
        move = self._newton(0.0, 0.0, 0.0)
        length = min(1.0, self._length(move))
        ahead = (self.part + length * move.part) @ (self.lower + length * move.lower)
        room = self.room - length * move.part * self.finite
        ahead += room @ (self.upper + length * move.upper)
        target = self.mean * (ahead / self.count / self.mean) ** 3
        move = self._newton(target, move.part * move.lower, -move.part * move.upper)
        length = min(1.0, 0.995 * self._length(move))
        if not length > 1e-8 or self.mean < 1e-3 * _GAP * self.scale:
            return False
        self.part = self.part + length * move.part
        self.room = self.room - length * move.part * self.finite
        self.lower = self.lower + length * move.lower
        self.upper = self.upper + length * move.upper
        self.multiplier = self.multiplier + length * move.multiplier
        self._measure()
        return True

    def _factorise(self) -> None:
        """Cholesky factor of the Hessian plus the curvature of the barrier."""
        self.curvature = self.lower / self.part + self.upper / self.room
        n = len(self.program.linear)
        width = 1 / self.curvature
        both = np.bincount(self.index, width, n)
        self.share = width / both[self.index]
        positive = np.bincount(self.index, width * (self.sign > 0), n)
        negative = np.bincount(self.index, width * (self.sign < 0), n)
        self.parallel = (positive * (negative / both))[self.index]
        self.factor = factorised(self.program.hessian, 1 / both)
        self.spread = cho_solve(self.factor, self.member, check_finite=False)

    def _newton(self, target: float, first: Any, second: Any) -> _Move:
        """The step to complementarity `target`, with products of an earlier step left out."""
        lower = -self.lower + (target - first) / self.part
        upper = np.where(self.finite, -self.upper + (target - second) / self.room, 0.0)
        right = -self.dual + lower - upper
        move = cho_solve(self.factor, self.joined(self.share * right), check_finite=False)
        shift = np.zeros(len(self.primal))
        if len(shift):
            schur = self.member.T @ self.spread
            shift = np.linalg.solve(schur, -self.primal - self.member.T @ move)
            move = move + self.spread @ shift
        together = np.bincount(self.index, right, len(move))[self.index]
        # Without differences of numbers that nearly cancel where one part is free.
        step = self.parallel * together + self.sign * self.share * move[self.index]
        lower = lower - self.lower / self.part * step
        upper = upper + self.upper / self.room * step
        return _Move(step, lower, upper, shift)

    def _length(self, move: _Move) -> float:
        """The longest step that keeps all numbers positive."""
        shrink = [
            move.part / self.part,
            -move.part * self.finite / self.room,
            move.lower / self.lower,
            move.upper[self.finite] / self.upper[self.finite],
        ]
        steepest = min(float(each.min()) for each in shrink if len(each))
        return -1 / steepest if steepest < 0 else np.inf

    def solution(self) -> Float64[np.ndarray, " n"]:
        """β with numbers at their bounds, and the others such that their slopes are zero."""
        ratio = self.reach / self.size
        empty = self.part < self.lower * ratio
        full = self.finite & (self.room < self.upper * ratio)
        part = np.where(empty, 0.0, np.where(full, self.bound, self.part))
        beta = self.joined(part)
        between = np.bincount(self.index, ~(empty | full), len(beta)) > 0
        rounded = self._refined(beta, np.flatnonzero(between))
        plain = self.joined(self.part)
        return rounded if self._accepts(rounded, plain) else plain

    def _refined(self, beta: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Newton's method in free numbers."""
        if len(free) == 0:
            return beta
        program = self.program
        inner = program.hessian[np.ix_(free, free)]
        factor = factorised(inner, np.full(len(free), _JITTER * np.trace(inner)))
        member = self.member[free]
        member = member[:, member.any(axis=0)]
        spread = cho_solve(factor, member, check_finite=False)
        groups = self.member[free].any(axis=0)
        for _ in range(_REFINEMENTS):
            slope = program.linear - program.cost * np.sign(beta) - program.hessian @ beta
            move = cho_solve(factor, slope[free], check_finite=False)
            if groups.any():
                lack = (program.sums - self.member.T @ beta)[groups]
                move += spread @ np.linalg.solve(member.T @ spread, lack - member.T @ move)
            beta = beta.copy()
            beta[free] += move
        return beta

    def _accepts(self, beta: np.ndarray, plain: np.ndarray) -> bool:
        """Whether rounded numbers are inside their bounds, of the same sums, and as good."""
        program = self.program
        inside = (beta >= program.low).all() and (beta <= program.high).all()
        if not inside or not np.isfinite(beta).all():
            return False
        lack = np.abs(self.member.T @ beta - program.sums)
        if lack.size and lack.max() > 1e-12 * np.abs(beta).sum():
            return False
        height, before = program.height(beta), program.height(plain)
        return height <= before + 1e-9 * abs(before)


def factorised(matrix: Float64[np.ndarray, "n n"], diagonal: Float64[np.ndarray, " n"]) -> Any:
    """Cholesky factor of a matrix plus a diagonal; with more on it where that is not definite."""
    jitter = 0.0
    while True:
        damped = matrix.copy()
        damped.flat[:: len(matrix) + 1] += diagonal + jitter
        try:
            return cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            jitter = max(10 * jitter, _JITTER * float(np.trace(matrix)))
