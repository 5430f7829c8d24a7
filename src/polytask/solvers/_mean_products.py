"""The mean over tasks of the products of features, as a model of the curvature of losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from polytask.datafits import Bound, SquaredBound

__all__ = ["MeanProducts", "mean_products"]

_FEATURES = 1000
"""Features up to which their products are kept, unless there are fewer rows."""
_FLAT = 1e-6
"""Share of the largest eigenvalue below which a direction counts as that curved."""


class MeanProducts(NamedTuple):
    r""":math:`\bar G = U \operatorname{diag}(g) U^\top + g_0 (I - U U^\top)`, times the curvature of the loss.

    Attributes
    ----------
    values : array of shape (r,)
        g.
    axes : array of shape (n_features, r)
        U; of many features none.
    rest : float
        :math:`g_0`.
    """

    values: np.ndarray
    axes: np.ndarray
    rest: float

    @classmethod
    def of(cls, bound: Bound) -> MeanProducts:
        """The mean of the products of a loss on rows."""
        curvature = bound.datafit.curvature if np.isfinite(bound.datafit.curvature) else 1.0
        n_features = bound.shape[1]
        common = bound.rows.common
        few = common and int(bound.rows.n_rows[0]) < n_features
        if n_features > _FEATURES and not (few and int(bound.rows.n_rows[0]) <= _FEATURES):
            level = 0.5 * float(np.mean(bound.lipschitz()[0]))
            return cls(np.zeros(0), np.zeros((n_features, 0)), max(level, 1e-300))
        if few:
            X = next(bound.rows.blocks())[1][0]
            values, axes = np.linalg.eigh(X @ X.T)
            kept = values > np.finfo(float).eps * n_features * max(values[-1], 1e-300)
            values, axes = values[kept], X.T @ (axes[:, kept] / np.sqrt(values[kept]))
        else:
            values, axes = np.linalg.eigh(mean_products(bound))
        values = curvature * np.maximum(values, _FLAT * values.max(initial=0.0))
        return cls(values, axes, max(_FLAT * float(values.max(initial=0.0)), 1e-300))

    def inverse(
        self,
        left: Float[np.ndarray, "tasks features"],
        values: Float[np.ndarray, " tasks"],
        axes: Float[np.ndarray, "tasks tasks"],
    ) -> np.ndarray:
        r"""The solution of :math:`W \bar G + P W = L`, of P with these eigenvalues and vectors."""
        turned = axes.T @ left
        along = turned @ self.axes
        solved = (along / (values[:, None] + self.values)) @ self.axes.T
        if self.axes.shape[0] > self.axes.shape[1]:
            solved += (turned - along @ self.axes.T) / (values[:, None] + self.rest)
        return np.asarray(axes @ solved)


def mean_products(bound: Bound) -> np.ndarray:
    """The mean over tasks of the products of features, (n_features, n_features)."""
    if isinstance(bound, SquaredBound) and bound.by_products:
        products = bound.products
        return np.asarray(products if products.ndim == 2 else products.mean(axis=0))
    n_tasks, n_features = bound.shape
    products = np.zeros((n_features, n_features))
    for tasks, X in bound.rows.blocks():
        stacked = X.reshape(-1, n_features)
        products += stacked.T @ stacked * (len(tasks) / len(X) / n_tasks)
    return products
