"""Base class of linear models of several tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse

from polytask.estimators import MultiTaskEstimator
from polytask.estimators._task_ids import TaskIds

__all__ = ["LinearEstimator", "row_scores"]


class LinearEstimator(MultiTaskEstimator):
    r"""Predicts scores :math:`x^\top w_k + b_k`.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature. Of a classifier, one row per column of scores: a
        task of more than two classes has one for each.
    intercept_ : array of shape (n_tasks,)
    unknown_tasks : str, default "error"
        Whether tasks that were not learned are refused; else `of_unknown` answers.
    """

    unknown_tasks: str = "error"
    coef_: Float64[np.ndarray, "tasks features"]
    intercept_: Float64[np.ndarray, " tasks"]

    def scores(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores of all tasks, (n, n_tasks), or of each row by its own task, (n,)."""
        if task is None:
            return np.asarray(X @ self.coef_.T) + self.intercept_
        coef, intercept = self.coef_, self.intercept_
        if (task >= len(coef)).any():
            further, constant = self.of_unknown()
            coef, intercept = np.vstack([coef, further]), np.append(intercept, constant)
        return row_scores(X, coef, intercept, task)

    def of_unknown(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and intercepts of tasks that were not learned, a row per column of scores."""
        return self.coef_[:0], self.intercept_[:0]

    def _positions(self, tasks: Any, n_rows: int) -> np.ndarray | None:
        if tasks is None or self.unknown_tasks == "error":
            return super()._positions(tasks, n_rows)
        return TaskIds.positions(type(self).__name__, self.tasks_, tasks, n_rows, others=True)


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
