"""How far coefficients are from the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from polytask.datafits import Bound
from polytask.penalties import Penalty

__all__ = ["Optimality", "duality_gap", "fixed_point_residual", "optimality"]

Coef = Float[np.ndarray, "tasks features"]
Intercept = Float[np.ndarray, " tasks"]


class Optimality(NamedTuple):
    """A relative distance from the optimum, and how it is measured."""

    gap: float
    measure: Literal["duality gap", "fixed-point residual"]


def optimality(
    bound: Bound,
    penalty: Penalty,
    coef: Coef,
    intercept: Intercept,
    state: Mapping[str, Any],
    lipschitz: float,
    scale: float,
) -> Optimality:
    """The duality gap where it is known, else the fixed-point residual."""
    gap = duality_gap(bound, penalty, coef, intercept, scale)
    if gap is not None:
        return Optimality(gap, "duality gap")
    residual = fixed_point_residual(bound, penalty, coef, intercept, state, lipschitz)
    return Optimality(residual, "fixed-point residual")


def duality_gap(
    bound: Bound, penalty: Penalty, coef: Coef, intercept: Intercept, scale: float
) -> float | None:
    r"""The objective minus the dual at the scaled slopes, in units of `scale`; None if unknown.

    .. math:: f(W, b) + \alpha\,\Omega(W) + \sum_{ik} \omega_{ik}\, \ell^*(\theta u_{ik}, y_{ik}),
        \qquad \theta = \min\big(1,\ \alpha / \Omega^\circ(\nabla_W f)\big)

    with the slopes u of the losses and the dual norm Ω°. It needs a penalty that is a norm and a loss whose
    conjugate is known; or a penalty whose conjugate is finite everywhere.
    """
    if penalty.dual_norm(coef) is None:
        return _gap_by_conjugate(bound, penalty, coef, intercept, scale)

    def factor_of(gradient: Coef) -> float:
        largest: Any = penalty.dual_norm(gradient)
        return 1.0 if largest <= penalty.alpha else penalty.alpha / largest

    dual = bound.dual(coef, intercept, factor_of)
    if dual is None:
        return None
    return float(bound.value(coef, intercept) + penalty.value(coef) - dual) / scale


def _gap_by_conjugate(
    bound: Bound, penalty: Penalty, coef: Coef, intercept: Intercept, scale: float
) -> float | None:
    r"""The gap by the conjugate of the penalty, or the gradient of intercepts if that is larger.

    .. math:: \alpha\,\Omega(W) + (\alpha\,\Omega)^*(-\nabla f) + \langle \nabla f, W\rangle
    """
    if penalty.conjugate(0 * coef) is None:
        return None
    slope, free = bound.gradient(coef, intercept)
    conjugate = penalty.conjugate(-slope) or 0.0
    gap = float(penalty.value(coef) + conjugate + (slope * coef).sum())
    return max(gap / float(scale), float(np.abs(free).max(initial=0.0)))


def fixed_point_residual(
    bound: Bound,
    penalty: Penalty,
    coef: Coef,
    intercept: Intercept,
    state: Mapping[str, Any],
    lipschitz: float,
) -> float:
    r"""How far a proximal gradient step moves, relative to coefficients.

    .. math:: \frac{\|W - \operatorname{prox}(W - \nabla f / L)\|}{\max(\|W\|, \|\nabla f\| / L)}
    """
    slope, free = bound.gradient(coef, intercept)
    moved = penalty.prox(coef - slope / lipschitz, 1 / lipschitz, state)
    size = max(float(np.linalg.norm(coef)), float(np.linalg.norm(slope)) / lipschitz, 1e-300)
    return max(float(np.linalg.norm(coef - moved)) / size, float(np.abs(free).max(initial=0.0)))
