"""Rows that are common to all tasks."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy import sparse

from polytask.datafits._eigenvalues import largest_eigenvalue
from polytask.datafits._task_rows import Cells, TaskRows
from polytask.datafits._weighted_products import weighted_products

__all__ = ["SharedRows"]


class SharedRows(TaskRows):
    """One table whose rows all tasks share; labels may be missing.

    Parameters
    ----------
    X : array or sparse array of shape (n, n_features)
        It is not changed.
    labels : array of shape (n, n_tasks)
        NaN where missing.
    weights : array of shape (n,) or (n, n_tasks), optional
        Of rows; only their ratios within a task count.
    task_weights : array of shape (n_tasks,), optional
        Factors of the tasks' losses; ones by default.
    fit_intercept : bool, default True

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows
    >>> rows = SharedRows(np.array([[1.0], [3.0]]), np.array([[1.0, np.nan], [2.0, 5.0]]))
    >>> rows.weights
    array([[0.5, 0. ],
           [0.5, 1. ]])
    >>> rows.means
    array([[2.],
           [3.]])
    """

    def __init__(
        self,
        X: Any,
        labels: Float[np.ndarray, "n tasks"],
        weights: Float[np.ndarray, "..."] | None = None,
        task_weights: Float[np.ndarray, " tasks"] | None = None,
        *,
        fit_intercept: bool = True,
    ) -> None:
        known = ~np.isnan(labels)
        given = np.ones_like(labels) if weights is None else np.asarray(weights, dtype=float)
        given = (given[:, None] if given.ndim == 1 else given) * known
        factors = 1.0 if task_weights is None else np.asarray(task_weights, dtype=float)
        self.labels = np.where(known, labels, 0.0)
        self.counts = given.sum(axis=0)
        self.weights = given * (factors / self.counts)
        self.n_rows, self.fit_intercept = known.sum(axis=0), fit_intercept
        self.common = bool(np.all(self.weights == self.weights[:, :1]))
        self._centre(X)

    def _centre(self, X: Any) -> None:
        """Dense inputs minus their mean over all tasks; what is left of it is subtracted in products."""
        n_tasks = self.labels.shape[1]
        offset = np.zeros(X.shape[1])
        if self.fit_intercept and not sparse.issparse(X):
            offset = self.weights.mean(axis=1) @ X / self.weights.mean(axis=1).sum()
        self.X = X - offset if offset.any() else X
        self._shifts: Float64[np.ndarray, "tasks features"] = np.zeros((1, X.shape[1]))
        if self.fit_intercept and not (self.common and offset.any()):
            distinct = self.weights[:, :1] if self.common else self.weights
            totals = np.maximum(distinct.sum(axis=0), 1e-300)
            self._shifts = np.asarray((self.X.T @ (distinct / totals)).T)
        self.means = np.broadcast_to(self._shifts + offset, (n_tasks, X.shape[1]))

    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        r"""Scores :math:`\tilde x^\top w_k + b_k`, (n, n_tasks)."""
        return np.asarray(self.X @ coef.T) + (intercept - (coef * self._shifts).sum(axis=1))

    def scores_of(
        self, features: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        """Scores by some features alone, (n, n_tasks)."""
        shift = (coef * self._shifts[:, features]).sum(axis=1)
        return np.asarray(self.X[:, features] @ coef.T) - shift

    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        r"""Sums :math:`\sum_i u_{ik}\,\tilde x_i`."""
        sums = np.asarray(slopes.T @ self.X)  # twice as fast as its transpose on one thread
        return sums - slopes.sum(axis=0)[:, None] * self._shifts

    def totals(self, cells: Cells) -> Float64[np.ndarray, " tasks"]:
        """Sums over rows."""
        sums: np.ndarray = cells.sum(axis=0)
        return sums

    def spread(self, values: Float[np.ndarray, " tasks"]) -> Cells:
        """The values as a row."""
        return np.asarray(values, dtype=float)[None, :]

    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        """Weighted products of features: one matrix if all tasks have the same labelled rows."""
        X, shifts = self.X[:, features], self._shifts[:, features]
        if self.common:
            return _products(X, self.weights[:, 0], shifts[0])
        shifts = np.broadcast_to(shifts, (self.n_tasks, shifts.shape[1]))
        return np.stack(
            [_products(X, w, shift) for w, shift in zip(self.weights.T, shifts, strict=True)]
        )

    def roots(
        self, features: Int[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "problems rows k"] | None:
        r"""Inputs times :math:`\sqrt{\omega}`, (1, n, k), if all tasks have the same and X is dense."""
        if sparse.issparse(self.X) or not self.common:
            return None
        # rows of the transpose are taken together, which keeps columns contiguous where they were
        chosen = np.asarray(self.X).T[features].T - self._shifts[0, features]
        return np.asarray(chosen * np.sqrt(self.weights[:, :1]))[None]

    def roots_of_cells(self, cells: Cells) -> Float64[np.ndarray, "problems rows columns"]:
        r"""Cells times :math:`\sqrt{\omega}`, (1, n, n_tasks)."""
        scaled: np.ndarray = np.sqrt(self.weights) * cells
        return scaled[None]

    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        """Centred inputs times the roots of weights: once if all tasks have the same labelled rows."""
        X = self.X.toarray() if sparse.issparse(self.X) else self.X
        if self.common:
            centred = (X - self._shifts[0]) * np.sqrt(self.weights[:, :1])
            yield np.arange(self.n_tasks), centred[None]
            return
        shifts = np.broadcast_to(self._shifts, (self.n_tasks, self.n_features))
        for task, (weights, shift) in enumerate(zip(self.weights.T, shifts, strict=True)):
            known = np.flatnonzero(weights)
            yield np.array([task]), ((X[known] - shift) * np.sqrt(weights[known, None]))[None]

    def of_features(self, features: Int[np.ndarray, " k"]) -> SharedRows:
        """The same rows with some features alone."""
        chosen = copy(self)
        chosen.X = self.X[:, features]
        chosen.means = self.means[:, features]
        chosen._shifts = self._shifts[:, features]  # noqa: SLF001
        return chosen

    def reweighted(self, weights: Cells, labels: Cells) -> SharedRows:
        """The same rows with other weights and labels."""
        chosen = copy(self)
        vars(chosen).pop("mass", None)
        chosen.weights, chosen.labels, chosen.common = weights, labels, False
        if self.fit_intercept:
            shifts = np.asarray((self.X.T @ (weights / weights.sum(axis=0))).T)
            chosen.means = self.means - self._shifts + shifts
            chosen._shifts = shifts  # noqa: SLF001
        return chosen

    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        """The largest eigenvalue of the weighted products of each task."""
        distinct = self.weights[:, :1] if self.common else self.weights
        shifts = np.broadcast_to(self._shifts, (distinct.shape[1], self.n_features))
        largest = [
            largest_eigenvalue(self.X, w, shift)
            for w, shift in zip(distinct.T, shifts, strict=True)
        ]
        return np.array(largest) * np.ones(self.n_tasks)


def _products(
    X: Any, weights: Float[np.ndarray, " n"], shift: Float[np.ndarray, " k"]
) -> Float64[np.ndarray, "k k"]:
    centred: np.ndarray = weighted_products(X, weights) - weights.sum() * np.outer(shift, shift)
    return centred
