"""The Poisson loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import xlogy

from polytask.datafits._datafit import Datafit
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["Poisson"]


@dataclass(frozen=True)
class Poisson(Datafit):
    r"""Minus the Poisson log likelihood of counts, whose rates are exponentials of scores.

    .. math:: \ell(s, y) = e^s - y s

    Up to a constant it is half the deviance, as in scikit-learn's ``PoissonRegressor``.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Poisson
    >>> Poisson().slope(np.zeros(2), np.array([1.0, 3.0]))
    array([ 0., -2.])
    >>> Poisson().response(np.array([0.0]))
    array([1.])
    """

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """The rate minus the label times its logarithm."""
        with np.errstate(over="ignore"):  # steps that are too long are taken back
            return np.exp(scores) - labels * scores

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The rate minus the label."""
        with np.errstate(over="ignore"):
            difference: np.ndarray = np.exp(scores) - labels
        return difference

    def bend(self, scores: Cells, labels: Cells) -> Cells:
        """The rate."""
        del labels
        with np.errstate(over="ignore"):
            return np.exp(scores)

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """V log v − v of the rate v = u + y."""
        rate = slopes + labels
        allowed = rate >= -1e-12
        rate = np.maximum(rate, 0.0)
        return np.where(allowed, xlogy(rate, rate) - rate, np.inf)

    def response(self, scores: Cells) -> Cells:
        """Rates."""
        rates: np.ndarray = np.exp(scores)
        return rates

    def problem(self, labels: Cells) -> str | None:
        """That labels are below 0."""
        return None if (labels >= 0).all() else "must be numbers from 0"

    def constant(self, rows: TaskRows) -> Float[np.ndarray, " tasks"]:
        """The logarithm of the mean label; where all are 0, that of half a count in all rows."""
        mean = rows.totals(rows.weights * rows.labels) / rows.mass
        logarithm: np.ndarray = np.log(np.maximum(mean, 0.5 / (rows.n_rows + 1)))
        return logarithm
