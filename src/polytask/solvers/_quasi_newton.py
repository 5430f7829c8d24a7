"""A limited-memory quasi-Newton method for smooth losses and penalties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from polytask.datafits import Bound, SquaredBound
from polytask.penalties import Penalty
from polytask.solvers._closed_form import ClosedForm
from polytask.solvers._mean_products import MeanProducts
from polytask.solvers._solution import Solution
from polytask.solvers._solver import Solver

__all__ = ["QuasiNewton"]

_MEMORY = 10
_HALVINGS = 40
_FALL = 1e-4
_FLATTER = 0.9
_ROUNDING = 1e-12


@dataclass(frozen=True)
class QuasiNewton(Solver):
    r"""Minimises over W, b and what the penalty learns, by limited-memory BFGS.

    .. math:: \min_{W, b}\ f(W, b) + \min_S\ \alpha\,\Omega(W, S)

    The learned quantities S are refitted at every point, so that their gradient vanishes there. Steps
    start from a model of the curvature, in closed form: :math:`\bar G \otimes I + I \otimes \alpha P(S)`, the
    mean of the products of features over tasks and the penalty's matrix over tasks. Squared errors of
    tasks with the same rows have that curvature. The first point is the closed form for the first S
    where the loss is squared.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Norm of the gradient, relative to that of the loss at zero coefficients.
    max_iter : int, default 10000
        Largest number of steps.

    Notes
    -----
    Solving for W and refitting S in turn has the same fixed points. With a learned covariance that needs
    hundreds of turns, since a small variance grows or shrinks by a constant factor in each.

    References
    ----------
    Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 1989.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Logistic, SharedRows
    >>> from polytask.penalties import SquaredL2
    >>> from polytask.solvers import QuasiNewton
    >>> rows = SharedRows(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [0.0]]))
    >>> solution = QuasiNewton().solve(Logistic().bind(rows), SquaredL2(alpha=0.1))
    >>> solution.converged, bool(solution.gap < 1e-6)
    (True, True)
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the penalty is not quadratic in the parameters."""
        if penalty.task_precision(bound.shape[0], penalty.start(bound.shape)) is None:
            return f"QuasiNewton needs a quadratic penalty. Got {type(penalty).__name__}."
        return None

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Step until the gradient is small."""
        search = _Search(bound, penalty)
        point = search.first(start)
        gap, n_iter = search.gap(point), 0
        while gap > self.tol and n_iter < self.max_iter:
            further = search.step(point) or search.plain_step(point)
            if further is None:
                break  # rounding leaves nothing to gain
            point, n_iter = further, n_iter + 1
            gap = search.gap(point)
        return Solution(
            point.packed[:, :-1],
            point.packed[:, -1],
            max(n_iter, 1),
            gap,
            "gradient norm",
            bool(gap <= self.tol),
            point.state,
        )


class _Point(NamedTuple):
    """Coefficients and intercepts, (n_tasks, n_features + 1), with value, slope and what is learned."""

    packed: np.ndarray
    value: float
    slope: np.ndarray
    state: Mapping[str, Any]


class _Search:
    def __init__(self, bound: Bound, penalty: Penalty) -> None:
        self.bound, self.penalty = bound, penalty
        levels = isinstance(bound, SquaredBound) or bound.rows.fit_intercept
        slope = bound.gradient(np.zeros(bound.shape), bound.start())[0]
        largest, rise = _curvatures(bound, slope)
        rise = rise if levels else np.ones(1)
        self.of_intercept = np.where(np.isfinite(rise), np.maximum(rise, 1e-300), 1.0)
        size = float(np.linalg.norm(slope))
        rounding = 1e-10 * np.sqrt(2 * largest * bound.scale())
        self.scale = max(size, rounding, 1e-300)  # rounding where the labels teach nothing
        self.stiffness = 0.0
        self.moves: list[tuple[np.ndarray, np.ndarray, float]] = []

    @cached_property
    def model(self) -> MeanProducts:
        """The curvature of the loss."""
        return MeanProducts.of(self.bound)

    def first(self, start: Solution | None) -> _Point:
        """The given solution, the closed form, or zero."""
        if start is None and ClosedForm().refuses(self.bound, self.penalty) is None:
            start = ClosedForm().minimize(self.bound, self.penalty, None)
        if start is None:
            return self.at(np.c_[np.zeros(self.bound.shape), self.bound.start()])
        return self.at(np.c_[start.coef, start.intercept], start.state or None)

    def at(self, packed: np.ndarray, state: Mapping[str, Any] | None = None) -> _Point:
        coef, intercept = packed[:, :-1], packed[:, -1]
        with np.errstate(over="ignore", invalid="ignore"):  # far points of losses such as Poisson's
            return self._at(packed, coef, intercept, state)

    def _at(
        self,
        packed: np.ndarray,
        coef: np.ndarray,
        intercept: np.ndarray,
        state: Mapping[str, Any] | None,
    ) -> _Point:
        known = self.penalty.start(coef.shape) if state is None else state
        learned = self.penalty.refit(coef, known)
        value, slope, rise = self.bound.value_and_gradient(coef, intercept)
        value += float(self.penalty.value(coef, learned))
        return _Point(
            packed, value, np.c_[slope + self.penalty.gradient(coef, learned), rise], learned
        )

    def gap(self, point: _Point) -> float:
        return float(np.linalg.norm(point.slope)) / self.scale

    def step(self, point: _Point) -> _Point | None:
        """The first point on the way of the step, halved a few times, that is lower by enough."""
        way = self._way(point)
        fall = float((way * point.slope).sum())
        rounding = _ROUNDING * abs(point.value)
        rounding += 4 * np.finfo(float).eps * self.stiffness * float((point.packed**2).sum())
        share = 1.0
        for _ in range(_HALVINGS):
            further = self.at(point.packed - share * way, point.state)
            lower = further.value <= point.value - _FALL * share * fall
            # Values as near as rounding are told apart by the slope along the way.
            near = further.value <= point.value + rounding
            flatter = abs(float((way * further.slope).sum())) <= _FLATTER * fall
            if lower or (near and flatter):
                self._remember(further.packed - point.packed, further.slope - point.slope)
                return further
            share *= 0.5
        return None

    def plain_step(self, point: _Point) -> _Point | None:
        """A step by the model alone, without what the last steps showed."""
        if not self.moves:
            return None
        self.moves = []
        return self.step(point)

    def _remember(self, move: np.ndarray, change: np.ndarray) -> None:
        product = float((move * change).sum())
        if product > 1e-14 * float(np.linalg.norm(move) * np.linalg.norm(change)):
            self.moves = [*self.moves, (move, change, product)][-_MEMORY:]

    def _way(self, point: _Point) -> np.ndarray:
        """The slope times the inverse curvature that the last steps showed."""
        way = point.slope.copy()
        shares = []
        for move, change, product in reversed(self.moves):
            shares.append(float((move * way).sum()) / product)
            way -= shares[-1] * change
        way = self._modelled(way, point.state)
        for (move, change, product), share in zip(self.moves, reversed(shares), strict=True):
            way += move * (share - float((change * way).sum()) / product)
        return way

    def _modelled(self, slope: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        precision: Any = self.penalty.task_precision(len(slope), state)
        values, axes = np.linalg.eigh(self.penalty.alpha * np.asarray(precision))
        self.stiffness = float(values[-1])
        coef = self.model.inverse(slope[:, :-1], np.maximum(values, 0.0), axes)
        return np.c_[coef, slope[:, -1] / self.of_intercept]


def _curvatures(bound: Bound, way: np.ndarray) -> tuple[float, np.ndarray]:
    """How much the gradient may change along a way, or along any, and that of each intercept."""
    if type(bound).lipschitz is not Bound.lipschitz or not np.isfinite(bound.datafit.curvature):
        of_coef, of_intercept = bound.lipschitz()
        return float(of_coef.max()) if np.isfinite(of_coef).all() else 1.0, of_intercept
    way = way if way.any() else np.ones(way.shape)
    scores = bound.rows.scores(way, np.zeros(len(way)))
    change = float(np.linalg.norm(bound.rows.pull(bound.rows.weights * scores)))
    share = change / max(float(np.linalg.norm(way)), 1e-300)
    return bound.datafit.curvature * share, bound.datafit.curvature * bound.rows.mass
