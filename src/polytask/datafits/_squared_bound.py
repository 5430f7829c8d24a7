"""Squared errors of linear models by the products of features and labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64, Int

from polytask.datafits._bound import Bound, Coef, Intercept
from polytask.datafits._task_rows import TaskRows

if TYPE_CHECKING:
    from polytask.datafits._datafit import Datafit

__all__ = ["SquaredBound"]


class SquaredBound(Bound):
    r"""Half the mean squared errors, quadratic in W.

    .. math:: \sum_k \tfrac12 w_k^\top G_k w_k - c_k^\top w_k + \tfrac12 y_k^2

    with the weighted products of centred features G, of features and labels c, and of labels. The
    intercepts of centred inputs are the mean labels whatever W is, and leave the problem.

    Parameters
    ----------
    datafit : Datafit
    rows : TaskRows

    Attributes
    ----------
    cross : array of shape (n_tasks, n_features)
        c, minus the gradient at W = 0.
    energy : array of shape (n_tasks,)
        Weighted sums of the squares of centred labels.
    """

    def __init__(self, datafit: Datafit, rows: TaskRows) -> None:
        super().__init__(datafit, rows)
        self.mean = super().start()
        self.centred = rows.labels - rows.spread(self.mean)
        self.cross = rows.pull(rows.weights * self.centred)
        self.energy = rows.totals(rows.weights * self.centred**2)
        self._last = np.zeros(self.shape), self.cross

    @property
    def by_products(self) -> bool:
        """Whether gradients are by the products of all features: no more of them than rows of a task."""
        n_features = self.shape[1]
        return bool(n_features <= self.rows.n_rows.max())

    @cached_property
    def products(self) -> Float64[np.ndarray, "..."]:
        """G of all features: (n_features, n_features), or one per task."""
        return self.rows.gram()

    @cached_property
    def spectrum(self) -> tuple[Float64[np.ndarray, " r"], Float64[np.ndarray, "features r"]]:
        """Eigenvalues above rounding and eigenvectors of G, of tasks with the same labelled rows."""
        if self.by_products:
            values, axes = np.linalg.eigh(self.products)
            kept = values > _rounding(values, len(values))
            return values[kept], axes[:, kept]
        X = next(self.rows.blocks())[1][0]
        values, axes = np.linalg.eigh(X @ X.T)
        kept = values > _rounding(values, max(X.shape))
        return values[kept], X.T @ (axes[:, kept] / np.sqrt(values[kept]))

    def products_of(self, features: Int[np.ndarray, " k"]) -> Float64[np.ndarray, "..."]:
        """G of some features."""
        if self.by_products:
            return self.products[..., features[:, None], features]
        return self.rows.gram(features)

    def left(
        self, coef: Coef, features: Int[np.ndarray, " k"] | None = None
    ) -> Float64[np.ndarray, "tasks features"]:
        """Correlations of all features with the residuals, c − G w, minus the gradient.

        Those of the last coefficients are kept, from which the next strength of a path begins.

        Parameters
        ----------
        coef : array of shape (n_tasks, n_features)
        features : array of shape (k,), int, optional
            Those whose coefficients are not 0.
        """
        if not np.array_equal(coef, self._last[0]):
            used = np.flatnonzero(coef.any(axis=0)) if features is None else features
            self._last = coef.copy(), self._left(used, coef[:, used])
        return self._last[1]

    def _left(
        self, used: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Float64[np.ndarray, "tasks features"]:
        if self.by_products:
            return self.cross - _times(coef, self.products[..., used, :])
        scores = self.rows.scores_of(used, coef)
        return self.rows.pull(self.rows.weights * (self.centred - scores))

    def start(self) -> Float64[np.ndarray, " tasks"]:
        """The mean labels."""
        return self.mean

    def value_at_zero(self) -> float:
        """Half the mean squares of centred labels."""
        return 0.5 * float(self.energy.sum())

    def value(self, coef: Coef, intercept: Intercept) -> float:
        """The loss, summed over the tasks."""
        explained = float((coef * (self.cross + self.left(coef))).sum())
        away = float(self.rows.mass @ (intercept - self.mean) ** 2)
        return 0.5 * (float(self.energy.sum()) - explained + away)

    def respond(self, coef: Coef, intercept: Intercept) -> Float64[np.ndarray, "tasks features"]:
        """W G."""
        del intercept
        if self.by_products:
            return _times(coef, self.products)
        scores = self.rows.scores(coef, np.zeros(len(coef)))
        return self.rows.pull(self.rows.weights * scores)

    def value_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "tasks features"]
    ) -> float:
        """The loss by W G."""
        value = 0.5 * float((coef * (response - 2 * self.cross)).sum() + self.energy.sum())
        return value + 0.5 * float(self.rows.mass @ (intercept - self.mean) ** 2)

    def gradient_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "tasks features"]
    ) -> tuple[Coef, Intercept]:
        """The gradients by W G."""
        del coef
        return response - self.cross, self.rows.mass * (intercept - self.mean)

    def dual(self, coef: Coef, intercept: Intercept, factor_of: Callable[[Coef], float]) -> float:
        """A lower bound of the objective by the residuals there."""
        value, slope, _ = self.value_and_gradient(coef, self.mean)
        product = float((coef * slope).sum())  # of scores and residuals
        factor = factor_of(slope)
        return -factor * (factor * value + product - 2 * value)


def _rounding(values: Float[np.ndarray, " k"], size: int) -> float:
    """What rounding leaves of eigenvalues that are 0."""
    return float(np.finfo(float).eps * size * np.abs(values).max(initial=0.0))


def _times(
    coef: Float[np.ndarray, "tasks k"], products: Float[np.ndarray, "..."]
) -> Float64[np.ndarray, "tasks features"]:
    """W G, with one G or one per task."""
    if products.ndim == 2:
        return coef @ products
    moved: np.ndarray = (coef[:, None, :] @ products)[:, 0]
    return moved
