"""Newton's method for smooth losses and the norms of a few features."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytask.datafits import Bound, SquaredBound
from polytask.solvers._newton_steps import Scored, loss, lower, model
from polytask.solvers._norm_equations import solve_norms
from polytask.solvers._norm_forms import ByProducts, ByRows, NormForm

__all__ = ["least_norms", "norm_gap"]

_MOST_STEPS = 50
_SHARE = 0.05
"""Of the duality gap, to which the quadratic model of a step is solved."""


def norm_gap(bound: Bound, alpha: float, point: Scored) -> tuple[float, np.ndarray]:
    """The duality gap of the group lasso, and the norms of the gradients of features."""
    found = np.zeros(0)

    def factor_of(gradient: np.ndarray) -> float:
        nonlocal found
        found = np.linalg.norm(gradient, axis=0)
        return min(1.0, alpha / max(float(found.max(initial=0.0)), 1e-300))

    dual: Any = bound.dual_at(point.scores, factor_of)
    return loss(bound, point.scores) + alpha * _size(point.coef) - dual, found


def least_norms(bound: Bound, alpha: float, point: Scored, tol: float) -> tuple[Scored, float]:
    r"""Minimise a smooth loss plus :math:`\alpha \sum_j \|W_{:j}\|`, by a quadratic model at each step.

    The model is a group lasso of weighted squared errors (`solve_norms`). Its solution is approached until
    the objective falls by enough.

    Parameters
    ----------
    bound : Bound
        Of a loss with second derivatives and a conjugate.
    alpha : float in (0, inf)
    point : Scored
        Where to begin.
    tol : float
        Duality gap.

    Returns
    -------
    point : Scored
    gap : float
        Above `tol` only where no step leads lower.

    References
    ----------
    Lee, Sun and Saunders, "Proximal Newton-type methods for minimizing composite functions", SIAM Journal on
    Optimization 2014.
    """
    gap, _ = norm_gap(bound, alpha, point)
    for _ in range(_MOST_STEPS):
        if gap <= tol:
            break
        further = _step(bound, alpha, point, max(_SHARE * gap, 0.1 * tol))
        if further is None:
            break
        point = further
        gap, _ = norm_gap(bound, alpha, point)
    return point, gap


def _step(bound: Bound, alpha: float, point: Scored, tol: float) -> Scored | None:
    """A point nearer to the minimum of the model that is lower by enough; None if none is."""
    near = model(bound, point)
    sizes = np.linalg.norm(point.coef, axis=0) / alpha
    coef = solve_norms(_form(near), alpha, sizes, float(near.energy.sum()), tol)[:, :, 0]
    return lower(bound, lambda coef: alpha * _size(coef), point, near, coef)


def _form(near: SquaredBound) -> NormForm:
    """Weighted squared errors, by rows if these are fewer than the features."""
    cross, features = near.cross[:, :, None], np.arange(near.shape[1])
    if near.rows.n_rows.max() < len(features):
        rows = near.rows.roots(features)
        if rows is not None:
            return ByRows(rows, near.rows.roots_of_cells(near.centred), cross)
    return ByProducts(near.rows.gram(), cross)


def _size(coef: np.ndarray) -> float:
    return float(np.linalg.norm(coef, axis=0).sum())
