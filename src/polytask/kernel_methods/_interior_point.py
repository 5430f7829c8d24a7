"""Small quadratic programs with bounds, absolute values and sums of groups."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from polytask.kernel_methods._joint_matrices import JITTER, JointMatrix

__all__ = ["QuadraticProgram", "solve_program"]

_STEPS = 100
_REFINEMENTS = 3
_REFINED = 1e-10
_DAMPINGS = (JITTER, 1e-10, 1e-6)


class QuadraticProgram(NamedTuple):
    r"""The program :math:`\min_\beta \tfrac12 \beta^\top H \beta - q^\top \beta + \varepsilon^\top |\beta|`.

    Subject to :math:`l \le \beta \le u` with :math:`l \le 0 \le u`, and to given sums of groups.

    Attributes
    ----------
    hessian : JointMatrix of shape (n, n)
    linear, cost, low, high : array of shape (n,)
        q, ε, and the bounds, which may be infinite where H is definite.
    group : array of shape (n,), int
        0 … n_groups − 1.
    sums : array of shape (n_groups,), or of shape (0,) without such constraints
    """

    hessian: JointMatrix
    linear: Float64[np.ndarray, " n"]
    cost: Float64[np.ndarray, " n"]
    low: Float64[np.ndarray, " n"]
    high: Float64[np.ndarray, " n"]
    group: Int[np.ndarray, " n"]
    sums: Float64[np.ndarray, " groups"]

    def totals(self, beta: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " groups"]:
        """Sums of groups."""
        if len(self.sums) == 0:
            return self.sums
        totals: np.ndarray = np.bincount(self.group, beta, len(self.sums))
        return totals

    def height(self, beta: Float64[np.ndarray, " n"]) -> float:
        """What is minimised."""
        half = 0.5 * self.hessian.product(beta) - self.linear
        return float(beta @ half + self.cost @ np.abs(beta))


def solve_program(program: QuadraticProgram, accuracy: float = 1e-13) -> Float64[np.ndarray, " n"]:
    """The solution, by a predictor-corrector interior-point method; numbers at a bound are exactly there.

    It ends where complementarity has the relative size `accuracy`; above 1e-10 numbers are only near their bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._interior_point import QuadraticProgram, solve_program
    >>> from polytask.kernel_methods._joint_matrices import DenseMatrix
    >>> ones, group = np.ones(3), np.zeros(3, dtype=int)
    >>> linear = np.array([3.0, 1.0, 0.0])
    >>> matrix = DenseMatrix(np.eye(3))
    >>> program = QuadraticProgram(matrix, linear, 0 * ones, -ones, ones, group, np.zeros(1))
    >>> solve_program(program).round(6)
    array([ 1.,  0., -1.])
    """
    point = _Point(program, accuracy)
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

    def __init__(self, program: QuadraticProgram, accuracy: float) -> None:
        self.program, self.accuracy = program, accuracy
        above, below = np.flatnonzero(program.high > 0), np.flatnonzero(program.low < 0)
        self.index = np.concatenate([above, below])
        self.sign = np.repeat([1.0, -1.0], [len(above), len(below)])
        self.bound = np.concatenate([program.high[above], -program.low[below]])
        self.finite = np.isfinite(self.bound)
        self.size = float(np.abs(program.linear).mean() + program.cost.mean()) or 1.0
        diagonal = float(program.hessian.diagonal.mean())
        self.reach = min(self.size / max(diagonal, 1e-300), float(self.bound.max()))
        self.part = np.minimum(self.bound / 2, self.reach)
        self.room = np.where(self.finite, self.bound - self.part, 1.0)
        self.multiplier = np.zeros(len(program.sums))
        slope = (program.hessian.product(self.joined(self.part)) - program.linear)[self.index]
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
        product = self.program.hessian.product(beta)
        slope = product - self.program.linear
        if len(self.multiplier):
            slope -= self.multiplier[self.program.group]
        self.scale = max(self.size * self.reach, float(beta @ product) / self.count)
        cost = self.program.cost[self.index]
        self.dual = self.sign * slope[self.index] + cost - self.lower + self.upper
        self.primal = self.program.totals(beta) - self.program.sums

    @property
    def optimal(self) -> bool:
        """Whether complementarity and residuals are at the level of rounding."""
        noise = 1e-15 * float(self.part.sum()) * float(self.program.hessian.diagonal.max())
        small = np.abs(self.dual).max() < 1e-11 * self.size + noise
        return bool(small) and self.mean < self.accuracy * self.scale

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
        if not length > 1e-8 or self.mean < 1e-3 * self.accuracy * self.scale:
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
        self.factor = self.program.hessian.factor(1 / both)

    def _newton(self, target: float, first: Any, second: Any) -> _Move:
        """The step to complementarity `target`, with products of an earlier step left out."""
        lower = -self.lower + (target - first) / self.part
        upper = np.where(self.finite, -self.upper + (target - second) / self.room, 0.0)
        right = -self.dual + lower - upper
        right_side = self.joined(self.share * right)
        move, shift = self.factor.solve(right_side, self.program.group, -self.primal)
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
        free, plain = np.flatnonzero(between), self.joined(self.part)
        if self.accuracy > _REFINED:
            return plain
        for damping in _DAMPINGS:
            rounded = self._refined(beta, free, damping)
            if self._accepts(rounded, plain):
                return rounded
        return plain

    def _refined(self, beta: np.ndarray, free: np.ndarray, damping: float) -> np.ndarray:
        """Newton's method in free numbers."""
        if len(free) == 0:
            return beta
        program = self.program
        inner = program.hessian.take(free)
        factor = inner.factor(np.full(len(free), damping * float(inner.diagonal.sum())))
        for _ in range(_REFINEMENTS):
            slope = program.linear - program.cost * np.sign(beta) - program.hessian.product(beta)
            lack = program.sums - program.totals(beta)
            move, _ = factor.solve(slope[free], program.group[free], lack)
            beta = beta.copy()
            beta[free] += move
        return beta

    def _accepts(self, beta: np.ndarray, plain: np.ndarray) -> bool:
        """Whether rounded numbers are inside their bounds, of the same sums, and as good."""
        program = self.program
        inside = (beta >= program.low).all() and (beta <= program.high).all()
        if not inside or not np.isfinite(beta).all():
            return False
        lack = np.abs(program.totals(beta) - program.sums)
        if lack.size and lack.max() > 1e-12 * np.abs(beta).sum():
            return False
        height, before = program.height(beta), program.height(plain)
        return height <= before + 1e-9 * abs(before)
