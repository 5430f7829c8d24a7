"""Working sets of features for smooth losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from polytask.datafits import Bound, OwnRows, TaskRows
from polytask.penalties import Penalty
from polytask.solvers._feature_sets import widened
from polytask.solvers._newton_steps import Scored, misses
from polytask.solvers._norm_steps import least_norms, norm_gap
from polytask.solvers._proximal_gradient import ProximalGradient
from polytask.solvers._solution import Solution, first_point
from polytask.solvers._solver import Solver

__all__ = ["WorkingSets"]

_FEWEST = 30
"""Features that are added at once."""
_LARGEST = 0.5
"""Share of all features from which on all are solved for at once."""
_SHARE, _FINAL_SHARE = 0.1, 0.3
"""Of the duality gap of all features, and of `tol`, down to which those of a working set are solved."""
_NEWTON_WORK = 250.0
"""Passes over the inputs that a step of Newton's method may take."""


@dataclass(frozen=True)
class WorkingSets(Solver):
    r"""Working sets of features for smooth losses, each solved by Newton's method or proximal gradients.

    .. math:: \min_{W, b}\ f(W, b) + \alpha \sum_j \|W_{:j}\|

    A working set holds the features in use and those that violate optimality most. A step of Newton's
    method is a group lasso of weighted squared errors (`polytask.solvers.GroupNewton`); where a set is so
    large that products of its features take longer than hundreds of gradients, it is solved by
    `polytask.solvers.ProximalGradient`. Then the gradients of all features give the duality gap, and the
    next set.

    Parameters
    ----------
    tol : float in (0, inf), default 1e-6
        Relative duality gap, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of working sets.

    References
    ----------
    Lee, Sun and Saunders, "Proximal Newton-type methods for minimizing composite functions", SIAM Journal on
    Optimization 2014.
    Massias, Vaiter, Gramfort and Salmon, "Dual extrapolation for sparse generalized linear models", JMLR 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Logistic, SharedRows
    >>> from polytask.penalties import L21
    >>> from polytask.solvers import WorkingSets
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> bound = Logistic().bind(SharedRows(X, (X[:, :1] > 0).astype(float)))
    >>> solution = WorkingSets().solve(bound, L21(alpha=0.1))
    >>> solution.coef.any(axis=0)
    array([ True, False, False])
    """

    def refuses(self, bound: Bound, penalty: Penalty) -> str | None:
        """That the penalty is no sum of norms, or the loss has no second derivatives or conjugate."""
        if not penalty.sums_norms:
            return (
                f"WorkingSets needs a sum of norms of features, L21. Got {type(penalty).__name__}."
            )
        if type(bound.rows).of_features is TaskRows.of_features:
            return f"WorkingSets needs rows with `of_features`. Got {type(bound.rows).__name__}."
        missing = misses(bound)
        return None if missing is None else f"WorkingSets {missing}"

    def minimize(self, bound: Bound, penalty: Penalty, start: Solution | None) -> Solution:
        """Solve working sets until the duality gap of all features is small."""
        point, scale, n_iter = Scored.of(bound, *first_point(bound, start)), bound.scale(), 0
        gap, norms = norm_gap(bound, penalty.alpha, point)
        least, features = self.tol * scale, np.zeros(0, dtype=int)
        while gap > least and n_iter < self.max_iter:
            before, last = gap, features
            features = _features(point.coef, norms, penalty.alpha)
            final = 1.0 if len(features) == bound.shape[1] else _FINAL_SHARE
            settled = final == 1.0 or np.isin(features, last).all()
            goal = final * least if settled else max(final * least, _SHARE * gap)
            point = self._solved(bound, penalty, point, features, goal)
            n_iter += 1
            gap, norms = norm_gap(bound, penalty.alpha, point)
            if gap == before:
                break  # rounding leaves nothing to gain
        return Solution(
            point.coef, point.intercept, n_iter, gap / scale, "duality gap", bool(gap <= least)
        )

    def _solved(
        self, bound: Bound, penalty: Penalty, point: Scored, features: np.ndarray, goal: float
    ) -> Scored:
        """The point with the coefficients of some features solved for, all others 0."""
        part = bound.datafit.bind(bound.rows.of_features(features))
        inner, gap = point._replace(coef=point.coef[:, features]), np.inf
        own = isinstance(bound.rows, OwnRows)
        if _newton_pays(int(bound.rows.n_rows.max()), len(features), own=own):
            inner, gap = least_norms(part, penalty.alpha, inner, goal)
        if gap > goal:
            start = Solution(inner.coef, inner.intercept, 0, gap, "duality gap", converged=False)
            solver = ProximalGradient(goal / part.scale(), self.max_iter)
            found = solver.minimize(part, penalty, start)
            inner = Scored.of(part, found.coef, found.intercept)
        coef = np.zeros(bound.shape)
        coef[:, features] = inner.coef
        return inner._replace(coef=coef)


def _features(coef: np.ndarray, norms: np.ndarray, alpha: float) -> Int[np.ndarray, " k"]:
    """Those in use, and twice as many of those that violate optimality most; all where these are many."""
    used = np.flatnonzero(coef.any(axis=0))
    more = min(max(_FEWEST, 2 * len(used)), int((norms > alpha).sum()))
    if len(used) + more > _LARGEST * len(norms):
        return np.arange(len(norms))
    return widened(used, norms, more)


def _newton_pays(n_rows: int, k: int, *, own: bool) -> bool:
    """Whether a step of Newton's method takes less than some hundred passes over the inputs."""
    by_rows = own and k > n_rows
    work = 4 * n_rows * k * (n_rows + k) if by_rows else n_rows * k**2 + 5 * k**3
    return bool(work < _NEWTON_WORK * n_rows * k)
