"""Coordinate descent on residuals, for working sets that are too large for Newton's method."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float, Float64

__all__ = ["descend", "pays"]

_EPOCHS = 10
"""Descent is preferred if a Newton step takes longer than so many of its passes over the features."""


def pays(n_rows: int, n_features: int, n_tasks: int) -> bool:
    """Whether a Newton step costs more than some passes of descent, by multiplications.

    A pass takes 4 per row, feature and task; a step 5 k²·min(n, k)/2, of k features in n rows.
    """
    step = 2.5 * n_features**2 * min(n_rows, n_features)
    return bool(step > _EPOCHS * 4 * n_rows * n_features * n_tasks)


def descend(
    rows: Float[np.ndarray, "n k"],
    labels: Float[np.ndarray, "n tasks"],
    coef: Float[np.ndarray, "tasks k"],
    alpha: float,
    tol: float,
) -> Float64[np.ndarray, "tasks k"]:
    r"""Minimise :math:`\tfrac12 \|Y - A W^\top\|^2 + \alpha \sum_j \|W_{:j}\|` by scikit-learn's descent.

    Parameters
    ----------
    rows : array of shape (n, k)
        A.
    labels : array of shape (n, n_tasks)
        Y.
    coef : array of shape (n_tasks, k)
        Where to begin.
    alpha : float in (0, inf)
    tol : float in (0, inf)
        Duality gap in units of ‖Y‖² / 2.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import MultiTaskLasso

    n = len(rows)
    model = MultiTaskLasso(
        alpha / n,
        fit_intercept=False,
        warm_start=True,
        tol=0.5 * tol,
        max_iter=10_000,
        copy_X=False,
    )
    model.coef_ = np.asfortranarray(coef)
    with warnings.catch_warnings():
        # the gap of all features, which decides, is measured afterwards
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.asfortranarray(rows), np.asfortranarray(labels))
    return np.ascontiguousarray(model.coef_, dtype=float)
