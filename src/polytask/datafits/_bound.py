"""Losses of linear models on given rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64

from polytask.datafits._task_rows import Cells, TaskRows

if TYPE_CHECKING:
    from polytask.datafits._datafit import Datafit

__all__ = ["Bound"]

Coef = Float[np.ndarray, "tasks features"]
Intercept = Float[np.ndarray, " tasks"]


class Bound:
    r"""A datafit on the rows of several tasks, a function of coefficients W and intercepts b.

    Intercepts are those of centred inputs (`TaskRows`); without intercepts b stays 0.

    Parameters
    ----------
    datafit : Datafit
    rows : TaskRows

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Logistic, SharedRows
    >>> rows = SharedRows(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]))
    >>> bound = Logistic().bind(rows)
    >>> round(bound.value(np.zeros((1, 1)), np.zeros(1)), 4)
    0.6931
    >>> bound.gradient(np.zeros((1, 1)), np.zeros(1))
    (array([[-0.25]]), array([0.]))
    """

    def __init__(self, datafit: Datafit, rows: TaskRows) -> None:
        self.datafit, self.rows = datafit, rows
        self.shape = (rows.n_tasks, rows.n_features)

    def start(self) -> Float64[np.ndarray, " tasks"]:
        """The best intercepts of coefficients that are all 0."""
        if not self.rows.fit_intercept:
            return np.zeros(self.rows.n_tasks)
        return np.asarray(self.datafit.constant(self.rows), dtype=float)

    def scale(self) -> float:
        """How far the loss of zero coefficients is above `floor`, in which gaps are measured; never below rounding."""
        known = self.rows.labels[self.rows.weights > 0]
        rounding = 1e-12 * float(self.rows.mass.sum()) * max(float(np.square(known).mean()), 1e-280)
        return max(self.value_at_zero() - self.floor(), rounding)

    def floor(self) -> float:
        """The sum of the least losses of all labels, whatever the scores; 0 if no conjugate is known."""
        rows = self.rows
        conjugate = self.datafit.conjugate(np.zeros_like(rows.labels), rows.labels)
        if conjugate is None:
            return 0.0
        return -float(np.where(rows.weights > 0, rows.weights * conjugate, 0.0).sum())

    def value_at_zero(self) -> float:
        """The loss of zero coefficients."""
        return self.value(np.zeros(self.shape), self.start())

    def value(self, coef: Coef, intercept: Intercept) -> float:
        """The loss, summed over the tasks."""
        return self.value_at(coef, intercept, self.respond(coef, intercept))

    def gradient(self, coef: Coef, intercept: Intercept) -> tuple[Coef, Intercept]:
        """The gradients with respect to W and b."""
        return self.gradient_at(coef, intercept, self.respond(coef, intercept))

    def value_and_gradient(self, coef: Coef, intercept: Intercept) -> tuple[float, Coef, Intercept]:
        """The loss and its gradients."""
        response = self.respond(coef, intercept)
        slope, free = self.gradient_at(coef, intercept, response)
        return self.value_at(coef, intercept, response), slope, free

    def respond(self, coef: Coef, intercept: Intercept) -> Float64[np.ndarray, "..."]:
        """What value and gradient need of the inputs, a linear function of W and b: here the scores."""
        return self.rows.scores(coef, intercept)

    def value_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "..."]
    ) -> float:
        """The loss of coefficients and intercepts with a known response."""
        del coef, intercept
        return float((self.rows.weights * self.datafit.loss(response, self.rows.labels)).sum())

    def gradient_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "..."]
    ) -> tuple[Coef, Intercept]:
        """The gradients at coefficients and intercepts with a known response."""
        del coef, intercept
        rows = self.rows
        slopes = rows.weights * self.datafit.slope(response, rows.labels)
        free = rows.totals(slopes) if rows.fit_intercept else np.zeros(rows.n_tasks)
        return rows.pull(slopes), free

    def lipschitz(self) -> tuple[Float64[np.ndarray, " tasks"], Float64[np.ndarray, " tasks"]]:
        """Lipschitz constants of the gradients of each task with respect to W and to b.

        Infinite where the datafit has no curvature. Inputs are centred, so that the loss is below
        its tangent plus half of both terms.
        """
        curvature, rows = self.datafit.curvature, self.rows
        if not np.isfinite(curvature):
            return np.full(rows.n_tasks, np.inf), np.full(rows.n_tasks, np.inf)
        return curvature * rows.curvature(), curvature * rows.mass

    def dual(
        self, coef: Coef, intercept: Intercept, factor_of: Callable[[Coef], float]
    ) -> float | None:
        """A lower bound of the objective by the slopes of the losses there; None if no conjugate is known.

        Slopes of both signs are scaled down until they add up to 0 in every task, as those of the best
        intercepts do.

        Parameters
        ----------
        coef : array of shape (n_tasks, n_features)
        intercept : array of shape (n_tasks,)
        factor_of : callable
            The number of at most 1 by which a gradient must be multiplied for the penalty to allow it.
        """
        return self.dual_at(self.rows.scores(coef, intercept), factor_of)

    def dual_at(self, scores: Cells, factor_of: Callable[[Coef], float]) -> float | None:
        """As `dual`, at scores."""
        rows = self.rows
        slopes = self.datafit.slope(scores, rows.labels)
        if rows.fit_intercept:
            slopes = self._balanced(slopes)
        slopes = slopes * factor_of(rows.pull(rows.weights * slopes))
        conjugate = self.datafit.conjugate(slopes, rows.labels)
        if conjugate is None:
            return None
        return -float(np.where(rows.weights > 0, rows.weights * conjugate, 0.0).sum())

    def _balanced(self, slopes: Cells) -> Cells:
        """Slopes whose weighted sums are 0."""
        up = self.rows.totals(self.rows.weights * np.maximum(slopes, 0.0))
        down = self.rows.totals(self.rows.weights * np.maximum(-slopes, 0.0))
        least = np.minimum(up, down)
        of_up = self.rows.spread(least / np.maximum(up, 1e-300))
        of_down = self.rows.spread(least / np.maximum(down, 1e-300))
        return slopes * np.where(slopes > 0, of_up, of_down)
