"""Conjugate gradients for the coefficients of all tasks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

__all__ = ["conjugate_gradients"]

Coef = Float[np.ndarray, "tasks features"]


def conjugate_gradients(
    left: Callable[[Coef], Coef],
    inverse: Callable[[Coef], Coef],
    start: Coef,
    goal: float,
    max_iter: int,
) -> tuple[np.ndarray, int]:
    """The point where `left` is 0, an affine function whose slope is minus a positive semidefinite matrix.

    Parameters
    ----------
    left : callable
        What a point misses.
    inverse : callable
        Preconditioner: an approximate solution for something missed.
    start : array of shape (n_tasks, n_features)
    goal : float
        Norm of what is missed, at which it stops.
    max_iter : int

    Returns
    -------
    array of shape (n_tasks, n_features), int
        The point, and how many iterations it took.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._conjugate_gradients import conjugate_gradients
    >>> matrix = np.diag([1.0, 2.0])
    >>> point, n_iter = conjugate_gradients(
    ...     lambda coef: np.ones((1, 2)) - coef @ matrix, np.copy, np.zeros((1, 2)), 1e-9, 10
    ... )
    >>> point.round(6), n_iter
    (array([[1. , 0.5]]), 2)
    """
    constant = left(np.zeros(start.shape))
    coef = start.copy()
    missed = left(coef) if coef.any() else constant
    direction, size = np.zeros(start.shape), np.inf
    for n_iter in range(max_iter):
        if np.linalg.norm(missed) <= goal:
            missed = left(coef)  # without the rounding of the updates
            if np.linalg.norm(missed) <= goal:
                return coef, n_iter
        towards = inverse(missed)
        product = float((missed * towards).sum())
        direction = towards + (product / size) * direction
        moved = constant - left(direction)
        bend = float((direction * moved).sum())
        if not bend > 0:
            return coef, n_iter
        coef = coef + (product / bend) * direction
        missed = missed - (product / bend) * moved
        size = product
    return coef, max_iter
