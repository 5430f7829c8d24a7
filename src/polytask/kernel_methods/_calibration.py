"""Scales of scores, such that their logistic functions are probabilities of labels that were not learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from scipy import sparse
from scipy.optimize import minimize_scalar

from polytask.kernel_methods._kernel_rows import KernelRows

__all__ = ["class_folds", "log_odds_scales"]

_LOG_SCALES = (-6.0, 1.5)


def class_folds(rows: KernelRows, n_folds: int) -> Int[np.ndarray, " labels"]:
    """Folds of labels: the different inputs of each column and class in turn, equal ones together.

    Complete rows stay whole.
    """
    fold = np.zeros(len(rows.label), dtype=int)
    inputs = _numbered(rows.X)[rows.row]
    if rows.complete:
        return inputs % n_folds
    for task in range(rows.n_tasks):
        for positive in (False, True):
            own = np.flatnonzero((rows.task == task) & ((rows.label > 0.5) == positive))
            number = np.unique(inputs[own], return_inverse=True)[1]
            # Classes of one label each are in different folds, so that no task is without labels.
            fold[own] = (number + positive) % n_folds
    return fold


def log_odds_scales(
    rows: KernelRows, scores: Float64[np.ndarray, " labels"], owners: Int[np.ndarray, " columns"]
) -> Float64[np.ndarray, " tasks"]:
    """The factor of each task's held-out scores whose logistic function fits its labels best."""
    scales = np.ones(int(owners.max()) + 1)
    for task in range(len(scales)):
        own = np.flatnonzero(owners[rows.task] == task)
        margin = np.where(rows.label[own] > 0.5, scores[own], -scores[own])
        scales[task] = _log_odds_scale(margin, rows.weight[own])
    return scales


def _numbered(X: Any) -> Int[np.ndarray, " n"]:
    """A number for each row, equal for equal rows."""
    if sparse.issparse(X):
        X = (X @ np.random.default_rng(0).normal(size=X.shape[1]))[:, None]
    numbers: np.ndarray = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    return numbers


def _log_odds_scale(margin: np.ndarray, weight: np.ndarray) -> float:
    def loss(log_scale: float) -> float:
        return float(weight @ np.logaddexp(0.0, -np.exp(log_scale) * margin))

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_SCALES, method="bounded").x))
