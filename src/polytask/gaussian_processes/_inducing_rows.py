"""Choice of the rows that stand for all in a sparse approximation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from polytask._gaussian import kernel_of_scales

__all__ = ["inducing_rows"]


def inducing_rows(
    X: Float64[np.ndarray, "n p"], log_scale: float, kernel: str, number: int
) -> Int[np.ndarray, " m"]:
    """Rows that are chosen in turn, each with the largest variance given those before: a pivoted Cholesky factor.

    Fewer than `number` if these leave nothing. Nothing is drawn.

    References
    ----------
    Burt, Rasmussen and van der Wilk, "Convergence of sparse variational inference in Gaussian processes
    regression", JMLR 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.gaussian_processes._inducing_rows import inducing_rows
    >>> inducing_rows(np.array([[0.0], [0.1], [5.0], [0.0]]), 0.0, "rbf", 2)
    array([0, 2])
    """
    scales = np.array([log_scale])
    left = np.ones(len(X))
    factor = np.zeros((min(number, len(X)), len(X)))
    chosen: list[int] = []
    for step in range(len(factor)):
        pivot = int(np.argmax(left))
        if left[pivot] < 1e-8:
            break
        row = kernel_of_scales(X[pivot : pivot + 1], X, scales, kernel)[0]
        row -= factor[:step, pivot] @ factor[:step]
        factor[step] = row / np.sqrt(left[pivot])
        left = np.maximum(left - np.square(factor[step]), 0.0)
        left[pivot] = 0.0
        chosen.append(pivot)
    return np.array(chosen)
