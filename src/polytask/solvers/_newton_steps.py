"""Quadratic models of smooth losses, and steps towards their minima."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from polytask.datafits import Bound, Datafit, Squared, SquaredBound, TaskRows

__all__ = ["Scored", "loss", "lower", "misses", "model"]

_HALVINGS = 20
_LEAST_BEND = 1e-6
"""Of second derivatives, in units of the largest."""


class Scored(NamedTuple):
    """Coefficients and intercepts, with the scores of all cells."""

    coef: Float64[np.ndarray, "tasks k"]
    intercept: Float64[np.ndarray, " tasks"]
    scores: Float64[np.ndarray, "..."]

    @classmethod
    def of(cls, bound: Bound, coef: np.ndarray, intercept: np.ndarray) -> Scored:
        """With the scores on the rows of a bound."""
        return cls(coef, intercept, bound.rows.scores(coef, intercept))


def misses(bound: Bound) -> str | None:
    """What a loss or its rows miss for a quadratic model with a duality gap; None if nothing."""
    if type(bound) is not Bound:
        return f"needs another sum of losses of scores. Got {type(bound).__name__}."
    kind = type(bound.datafit)
    if kind.bend is Datafit.bend or kind.conjugate is Datafit.conjugate:
        return f"needs a loss with `bend` and `conjugate`. Got {kind.__name__}."
    if type(bound.rows).reweighted is TaskRows.reweighted:
        return f"needs rows with `reweighted`. Got {type(bound.rows).__name__}."
    return None


def model(bound: Bound, point: Scored) -> SquaredBound:
    """The weighted squared errors that are the loss near a point, up to a constant."""
    rows, datafit = bound.rows, bound.datafit
    slopes = datafit.slope(point.scores, rows.labels)
    bends = np.asarray(datafit.bend(point.scores, rows.labels))
    bends = np.maximum(bends, max(_LEAST_BEND * float(bends.max(initial=0.0)), 1e-300))
    return Squared().bind(rows.reweighted(rows.weights * bends, point.scores - slopes / bends))


def lower(
    bound: Bound,
    size: Callable[[np.ndarray], float],
    point: Scored,
    near: SquaredBound,
    coef: Float64[np.ndarray, "tasks k"],
) -> Scored | None:
    """The first point on the way to coefficients, halved a few times, that is lower by enough; None if none is.

    Parameters
    ----------
    bound : Bound
    size : callable
        The penalty of coefficients.
    point : Scored
    near : SquaredBound
        The model at the point, whose best intercepts are approached.
    coef : array of shape (n_tasks, k)
    """
    rows, move = bound.rows, coef - point.coef
    slopes = rows.weights * bound.datafit.slope(point.scores, rows.labels)
    ahead, level = rows.scores(move, np.zeros(len(move))), np.zeros(len(move))
    if rows.fit_intercept:
        level = -rows.totals(slopes + near.rows.weights * ahead) / near.rows.mass
        ahead = ahead + rows.spread(level)
    before = size(point.coef)
    fall = float((slopes * ahead).sum()) + size(coef) - before
    value, share = loss(bound, point.scores) + before, 1.0
    for _ in range(_HALVINGS):
        if not fall < 0:
            return None
        further = Scored(
            point.coef + share * move, point.intercept + share * level, point.scores + share * ahead
        )
        if loss(bound, further.scores) + size(further.coef) <= value + 1e-4 * share * fall:
            return further
        share *= 0.5
    return None


def loss(bound: Bound, scores: Float64[np.ndarray, "..."]) -> float:
    """The loss of scores."""
    return float((bound.rows.weights * bound.datafit.loss(scores, bound.rows.labels)).sum())
