"""Alternating directions for squared errors and any penalty with a proximal map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from polytask.datafits import Bound, SquaredBound, TaskRows
from polytask.penalties import Penalty
from polytask.solvers._anderson import Anderson
from polytask.solvers._one_thread import one_thread_if_small
from polytask.solvers._optimality import Optimality, optimality
from polytask.solvers._shifted_products import ShiftedProducts, shifted_products
from polytask.solvers._solution import Solution, learned
from polytask.solvers._solver import Solver

__all__ = ["AlternatingDirections", "too_large"]

_LOOKS = 3
"""Iterations between looks at the optimality."""
_NEAR, _NEAR_RESIDUAL = 1.0, 30.0
"""Residuals of less than so many roots of `tol`, and times `tol` where no gap is known, are worth a look."""
_BALANCED = (4, 9, 16, 30, 60, 120)
"""Iterations after which rho is balanced, if need be."""
_UNBALANCED = 4.0
_REMEMBERED = 2**23
"""Numbers that are kept of former steps."""
_SHARE = 2.0
"""The first rho, in units of the mean eigenvalue of the products."""
_MOST_NUMBERS = 2**28
"""Of dense inputs, and of products of features."""


@dataclass(frozen=True)
class AlternatingDirections(Solver):
    r"""Steps of the loss and of the penalty in turn (ADMM), with extrapolation.

    .. math:: Z = \operatorname{prox}_{\alpha\Omega/\rho}(S), \qquad
        w_k = (G_k + \rho I)^{-1} (c_k + \rho\,(2 z_k - s_k)), \qquad S^{+} = S + W - Z

    The loss is minimised exactly for all tasks in one batched product, by inverses of the products of
    features, or of rows where these are fewer (Woodbury). Where tasks share all rows and the penalty does
    not depend on the basis of features, the problem is solved in the basis of eigenvectors. The answer is a
    proximal point: exactly sparse, or exactly of low rank.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap where the penalty is a norm, else the fixed-point residual.
    max_iter : int, default 10000

    Notes
    -----
    This is Douglas and Rachford's iteration, accelerated by Anderson's extrapolation: as soon as the rank or
    the support no longer changes, the iteration is a smooth map. An extrapolated point whose residual is
    larger than the one before is dropped. rho begins at twice the mean eigenvalue of the products and
    follows both residuals.

    References
    ----------
    Boyd, Parikh, Chu, Peleato and Eckstein, "Distributed optimization and statistical learning via the
    alternating direction method of multipliers", Foundations and Trends in Machine Learning 2011.
    Fu, Zhang and Boyd, "Anderson accelerated Douglas-Rachford splitting", SIAM Journal on Scientific
    Computing 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> from polytask.penalties import TraceNorm
    >>> from polytask.solvers import AlternatingDirections
    >>> bound = Squared().bind(SharedRows(np.eye(2), np.diag([4.0, 1.0]), fit_intercept=False))
    >>> AlternatingDirections().solve(bound, TraceNorm(alpha=1.0)).coef.round(4) + 0
    array([[2., 0.],
           [0., 0.]])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the loss is not squared, the inputs too many, or the penalty has no proximal map."""
        if not isinstance(bound, SquaredBound):
            return (
                f"AlternatingDirections needs squared errors. Got {type(bound.datafit).__name__}."
            )
        if type(penalty).prox is Penalty.prox:
            name = type(penalty).__name__
            return f"AlternatingDirections needs a proximal map, which {name} has not."
        return too_large(bound.rows, common=bound.rows.common)

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Iterate until the optimality measure of a proximal point is small."""
        squared: Any = bound
        with one_thread_if_small(min(bound.shape)):
            return _Search(squared, penalty, self.tol, start).run(self.max_iter)


class _Pair(NamedTuple):
    """A proximal point, the minimiser of the loss near it, and where that was sought."""

    near: np.ndarray
    loss: np.ndarray
    sought: np.ndarray


class _Search:
    """The point S of the iteration, in the basis of the products, and rho."""

    def __init__(
        self, bound: SquaredBound, penalty: Penalty, tol: float, start: Solution | None
    ) -> None:
        self.bound, self.penalty, self.tol = bound, penalty, tol
        self.products: ShiftedProducts = shifted_products(bound, rotate=penalty.rotates)
        self.scale = bound.scale()
        self.rho = max(_SHARE * self.products.mean, 1e-12)
        self.state = learned(penalty, bound.shape, start)
        self.point = self.products.cross / self.rho
        if start is not None:
            near = start.coef + bound.left(start.coef) / self.rho
            self.point = self.products.reduce(near)
        self.below = -np.inf  # the best lower bound of the objective
        self.before = self.plain = self.point
        self.good = np.inf
        memory = int(np.clip(_REMEMBERED // (2 * max(self.point.size, 1)), 4, 10))
        self.accelerate = Anderson(memory)
        self.now = Optimality(np.inf, "fixed-point residual")

    def run(self, max_iter: int) -> Solution:
        """Iterate."""
        coef, n_iter = np.zeros(self.bound.shape), 0
        while n_iter < max_iter:
            n_iter += 1
            pair = self._pair()
            if _length(pair.loss - pair.near) > self.good and n_iter < max_iter:
                self._forget()
                self.point = self.plain
                continue
            if self._may_stop(pair, n_iter) or n_iter == max_iter:
                coef = self.products.expand(pair.near)
                self._look(coef)
                if self.now.gap <= self.tol:
                    break
            self._advance(pair, n_iter)
        gap, measure = self.now
        converged = bool(gap <= self.tol)
        return Solution(coef, self.bound.mean, n_iter, gap, measure, converged, self.state)

    def _advance(self, pair: _Pair, n_iter: int) -> None:
        """Move S by the residual, extrapolated unless rho changes."""
        residual = pair.loss - pair.near
        self.good, self.plain = _length(residual), self.point + residual
        if n_iter in _BALANCED and self._balance(pair):
            self._forget()
        else:
            self.point = self.accelerate(self.point, residual)
        self.before = pair.near

    def _forget(self) -> None:
        """Extrapolate from what follows alone."""
        self.accelerate.forget()
        self.good = np.inf

    def _may_stop(self, pair: _Pair, n_iter: int) -> bool:
        """Whether a look is worth its time; raises the lower bound of the objective."""
        size, away = _length(pair.near), pair.near - pair.loss
        far = _length(away) > _NEAR * np.sqrt(self.tol) * size
        if (far and size > 0) or n_iter % _LOOKS:
            return False
        slope = self.rho * (pair.sought - pair.loss)  # of the loss at its minimiser
        largest = self.penalty.dual_norm(slope)
        if largest is None:
            return _length(away) <= _NEAR_RESIDUAL * self.tol * size
        factor = 1.0 if largest <= self.penalty.alpha else self.penalty.alpha / largest
        energy = float(self.bound.energy.sum())
        product = float((pair.loss * self.products.cross).sum())
        squares = energy - product + float((pair.loss * slope).sum())  # of residuals
        self.below = max(self.below, factor * (energy - product) - 0.5 * factor**2 * squares)
        above = (
            0.5 * squares + float((slope * away).sum()) + 0.5 * self.rho * float((away**2).sum())
        )
        above += float(self.penalty.value(pair.near, self.state))
        return above - self.below <= self.tol * self.scale

    def _pair(self) -> _Pair:
        near = self.penalty.prox(self.point, 1 / self.rho, self.state)
        sought = 2 * near - self.point
        found = self.products.solve(self.products.cross + self.rho * sought, self.rho)
        return _Pair(near, found, sought)

    def _look(self, coef: np.ndarray) -> None:
        """Measure the optimality of a proximal point."""
        if self.below == -np.inf:
            self.now = optimality(
                self.bound, self.penalty, coef, self.bound.mean, self.state, self.rho, self.scale
            )
            return
        value = self.bound.value(coef, self.bound.mean) + float(
            self.penalty.value(coef, self.state)
        )
        self.now = Optimality((value - self.below) / self.scale, "duality gap")

    def _balance(self, pair: _Pair) -> bool:
        """Change rho where one of the relative residuals is much larger; whether it did."""
        dual = self.point - pair.near
        primal_residual = _length(pair.loss - pair.near) / max(_length(pair.near), 1e-300)
        dual_residual = _length(pair.near - self.before) / max(_length(dual), 1e-300)
        ratio = primal_residual / max(dual_residual, 1e-300)
        if 1 / _UNBALANCED < ratio < _UNBALANCED:
            return False
        factor = float(np.clip(np.sqrt(ratio), 0.1, 10.0))
        self.point = pair.near + (dual + pair.loss - pair.near) / factor
        self.rho *= factor
        return True


def _length(values: np.ndarray) -> float:
    return float(np.linalg.norm(values))


def too_large(rows: TaskRows, *, common: bool) -> str | None:
    """That inputs and the products of their smaller side are too many numbers; None if they are not.

    Parameters
    ----------
    rows : TaskRows
    common : bool
        Whether all tasks have the same weights of rows, and so one matrix of products.
    """
    n_features, n_rows = float(rows.n_features), rows.n_rows.astype(float)
    each = n_rows * n_features + np.minimum(n_rows, n_features) ** 2
    numbers = float(each.max() if common else each.sum())
    if numbers <= _MOST_NUMBERS:
        return None
    return (
        "AlternatingDirections needs dense inputs and their products in memory, at most "
        f"{_MOST_NUMBERS:.2g} numbers. Got {numbers:.2g}."
    )
