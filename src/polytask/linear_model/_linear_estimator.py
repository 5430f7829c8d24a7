"""Base class of linear models of several tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse

from polytask.estimators import MultiTaskEstimator

__all__ = ["LinearEstimator", "row_scores"]


class LinearEstimator(MultiTaskEstimator):
    r"""Predicts scores :math:`x^\top w_k + b_k`.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature. Of a classifier, one row per column of scores: a
        task of more than two classes has one for each.
    intercept_ : array of shape (n_tasks,)
    """

    coef_: Float64[np.ndarray, "tasks features"]
    intercept_: Float64[np.ndarray, " tasks"]

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        if task is None:
            return np.asarray(X @ self.coef_.T) + self.intercept_
        return row_scores(X, self.coef_, self.intercept_, task)


def row_scores(
    X: Any,
    coef: Float64[np.ndarray, "tasks features"],
    intercept: Float64[np.ndarray, " tasks"],
    task: Int[np.ndarray, " n"],
) -> Float64[np.ndarray, " n"]:
    """Scores of each row by its own task."""
    if sparse.issparse(X):
        products = np.asarray(X.multiply(coef[task]).sum(axis=1)).ravel()
    else:
        products = np.einsum("np,np->n", X, coef[task])
    scores: np.ndarray = products + intercept[task]
    return scores
