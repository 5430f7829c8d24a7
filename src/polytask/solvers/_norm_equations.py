"""The group lasso of a few features, by the norms of their coefficients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError

from polytask.solvers._lower_factors import lower_factor, solve_lower
from polytask.solvers._norm_forms import NormForm, Response, Sizes

__all__ = ["solve_norms"]

_MOST_STEPS = 100
_HALVINGS = 4
_DAMPINGS = (1e-12, 1e-8, 1e-5, 1e-3, 1e-1, 1e1, 1e3, 1e6)
"""Tried in turn, in units of the Hessian's diagonal, where a step leads no lower."""
_MOST_BOUNDS = 5
"""How often a step is solved anew without sizes that it would make negative."""


class _Point(NamedTuple):
    """The function, its gradient and what both consist of."""

    sizes: Sizes
    value: float
    gradient: Sizes
    response: Response


def solve_norms(
    form: NormForm, alpha: float, sizes: Sizes, energy: float, tol: float
) -> Float64[np.ndarray, "problems k columns"]:
    r"""Coefficients W that minimise the squared errors of problems that share which features they use.

    .. math:: \sum_b \operatorname{tr}\big(\tfrac12 W_b^\top G_b W_b - W_b^\top C_b\big)
              + \alpha \sum_j \Big(\sum_b \|W_{bj}\|^2\Big)^{1/2}

    Since :math:`\alpha\|w\| = \min_{\eta \ge 0} \|w\|^2 / 2\eta + \alpha^2 \eta / 2`, this is the convex
    problem

    .. math:: \min_{\eta \ge 0}\ -\tfrac12 \sum_b \operatorname{tr} C_b^\top (G_b +
        \operatorname{diag}(1/\eta))^{-1} C_b + \tfrac{\alpha^2}{2} \sum_j \eta_j

    in one number per feature, however many columns C has. With
    :math:`R_b = (I + G_b \operatorname{diag}\eta)^{-1} C_b`, the correlations that are left, and
    :math:`S_b = (I + G_b \operatorname{diag}\eta)^{-1} G_b` its gradient is
    :math:`(\alpha^2 - \|r_j\|^2)/2`, its Hessian :math:`\sum_b S_b \circ R_b R_b^\top`, and
    :math:`W_b = \operatorname{diag}(\eta) R_b`. Projected Newton steps on the equations
    :math:`1/\|r_j\| = 1/\alpha` converge quadratically.

    Parameters
    ----------
    form : NormForm
        G, the same for all columns of a problem, and C; or what they are products of.
    alpha : float in (0, inf)
    sizes : array of shape (k,)
        Where to begin: norms of coefficients divided by alpha.
    energy : float
        Sum of the squares of labels, whose inner products with features are C.
    tol : float
        Of the duality gap of these features.

    References
    ----------
    Bertsekas, "Projected Newton methods for optimization problems with simple constraints", SIAM Journal on
    Control and Optimization 1982.
    """
    point = _at(form, alpha, np.maximum(sizes, 0.0))
    for _ in range(_MOST_STEPS):
        if _gap(point, form, alpha, energy) <= tol:
            break
        further = _next(form, alpha, point)
        if further is None:
            break
        point = further
    coef: np.ndarray = point.sizes[:, None] * point.response.left
    return coef


def _at(form: NormForm, alpha: float, sizes: Sizes) -> _Point:
    response = form.respond(sizes)
    value = response.value + 0.5 * alpha**2 * float(sizes.sum())
    gradient = 0.5 * (alpha**2 - (response.left**2).sum(axis=(0, 2)))
    return _Point(sizes, value, gradient, response)


def _gap(point: _Point, form: NormForm, alpha: float, energy: float) -> float:
    """Duality gap of the features, at the residuals scaled until they are allowed."""
    left = point.response.left
    norms = np.sqrt((left**2).sum(axis=(0, 2)))
    coef = point.sizes[:, None] * left
    product = float((coef * form.cross).sum())
    squares = energy - product - float((coef * left).sum())  # of residuals
    theta = min(1.0, alpha / max(norms.max(initial=0.0), 1e-300))
    primal = 0.5 * squares + alpha * float((point.sizes * norms).sum())
    return primal + theta * (0.5 * theta * squares - (energy - product))


def _next(form: NormForm, alpha: float, point: _Point) -> _Point | None:
    """The point after a projected Newton step; None if none is lower."""
    norms = np.sqrt((point.response.left**2).sum(axis=(0, 2)))
    free = (point.sizes > 0) | (point.gradient < 0)
    hessian = form.hessian(point.response, free)
    secular = norms[free] ** 2 * (norms[free] - alpha) / alpha
    for damping in _DAMPINGS:
        for slope in (secular, -point.gradient[free]):
            move = np.zeros(len(free))
            move[free] = _newton(hessian, slope, point.sizes[free], damping)
            further = _lower(form, alpha, point, move)
            if further is not None:
                return further
    return None


def _newton(
    hessian: Float64[np.ndarray, "k k"], slope: Sizes, sizes: Sizes, damping: float
) -> Sizes:
    """A damped Newton step; sizes that it would make negative are 0 after it, and the others know of it."""
    damped = hessian.copy()
    np.fill_diagonal(damped, (1 + damping) * hessian.diagonal() + 1e-300)
    move, free = np.zeros(len(slope)), np.ones(len(slope), dtype=bool)
    for _ in range(_MOST_BOUNDS):
        all_free = bool(free.all())
        wanted = slope if all_free else (slope - damped @ np.where(free, 0.0, move))[free]
        try:
            factor = lower_factor(damped.copy() if all_free else damped[np.ix_(free, free)])
        except LinAlgError:
            return np.zeros(len(slope))
        inner = solve_lower(factor, wanted[:, None])
        move[free] = solve_lower(factor, inner, transposed=True)[:, 0]
        negative = free & (sizes + move < 0)
        if not negative.any():
            break
        move[negative] = -sizes[negative]
        free &= ~negative
    return move


def _lower(form: NormForm, alpha: float, point: _Point, move: Sizes) -> _Point | None:
    """The first point on the projected line, halved a few times, that is lower by enough."""
    share = 1.0
    for _ in range(_HALVINGS):
        sizes = np.maximum(point.sizes + share * move, 0.0)
        expected = float(point.gradient @ (sizes - point.sizes))
        if not expected < 0:
            return None
        further = _at(form, alpha, sizes)
        if further.value <= point.value + 1e-4 * expected:
            return further
        share *= 0.5
    return None
