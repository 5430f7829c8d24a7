"""Maximisation of a marginal likelihood from several starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

__all__ = ["Maximum", "ValueAndGradient", "maximise", "warn_unless_converged"]

ValueAndGradient = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Value and gradient at a vector of hyper-parameters."""


class Maximum(NamedTuple):
    """The best of all starts.

    Attributes
    ----------
    vector : array of shape (m,)
    value : float
    n_iter : int
    slope : float
        Largest derivative there.
    """

    vector: Float64[np.ndarray, " m"]
    value: float
    n_iter: int
    slope: float


def maximise(
    likelihood: ValueAndGradient,
    starts: Iterable[np.ndarray],
    bounds: Sequence[tuple[float, float]],
    max_iter: int,
) -> Maximum:
    """L-BFGS within bounds, from each start.

    Parameters
    ----------
    likelihood : callable
        Value and gradient at a vector.
    starts : iterable of array of shape (m,)
    bounds : sequence of (float, float)
    max_iter : int
        Largest number of steps from each start.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._gaussian import maximise
    >>> found = maximise(lambda v: (-(v @ v), -2 * v), [np.ones(2)], [(0.5, 2.0)] * 2, 10)
    >>> found.vector
    array([0.5, 0.5])
    """

    def negative(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = likelihood(vector)
        return -value, -gradient

    runs = [
        minimize(
            negative,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": max_iter, "maxfun": 3 * max_iter},
        )
        for start in starts
    ]
    best = min(runs, key=lambda run: float(run.fun))
    return Maximum(best.x, -float(best.fun), int(best.nit), float(np.abs(best.jac).max()))


def warn_unless_converged(name: str, found: Maximum, max_iter: int) -> None:
    """Warn of an estimator whose optimiser used all its steps; `learn` or the like of its `fit` calls it."""
    if found.n_iter >= max_iter:
        sentence = (
            f"{name} stopped after {found.n_iter} steps of the optimiser, with the largest "
            f"slope {found.slope:.2g}. Raise `max_iter`."
        )
        warnings.warn(sentence, ConvergenceWarning, stacklevel=4)
