"""Root mean squared errors of linear models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float64

from polytask.datafits._bound import Bound, Coef, Intercept
from polytask.datafits._scaled_tasks import ScaledTasks
from polytask.datafits._squared_bound import SquaredBound

__all__ = ["CalibratedBound"]


class CalibratedBound(Bound):
    r"""The root of the mean squared error of each task, squared below a least size.

    .. math:: \sum_k \mu_k \min_{\sigma_k \ge \sigma_{0k}} \Big(\frac{q_k^2}{2 \sigma_k}
        + \frac{\sigma_k}{2}\Big), \qquad q_k^2 = \tfrac{1}{\mu_k} \sum_i \omega_{ik}
        (y_{ik} - x_i^\top w_k - b_k)^2

    with the weight :math:`\mu_k` of the task. The minimum is :math:`q_k` unless :math:`q_k` is below
    :math:`\sigma_{0k}`. For fixed :math:`\sigma` these are squared errors (`weighted`).

    Parameters
    ----------
    squared : SquaredBound
    least : array of shape (n_tasks,)
        :math:`\sigma_0`, above 0, in units of labels.

    References
    ----------
    Liu, Wang and Zhao, "Multivariate regression with calibration", NeurIPS 2014.
    Ndiaye, Fercoq, Gramfort, Leclère and Salmon, "Efficient smoothed concomitant lasso estimation for high
    dimensional regression", Journal of Physics: Conference Series 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import CalibratedBound, SharedRows, Squared
    >>> squared = Squared().bind(SharedRows(np.zeros((2, 1)), np.array([[1.0], [5.0]])))
    >>> bound = CalibratedBound(squared, np.array([0.001]))
    >>> bound.value(np.zeros((1, 1)), bound.start())
    2.0
    """

    def __init__(self, squared: SquaredBound, least: Float[np.ndarray, " tasks"]) -> None:
        super().__init__(squared.datafit, squared.rows)
        self.squared, self.least = squared, least

    def noise(self, coef: Coef, intercept: Intercept) -> Float64[np.ndarray, " tasks"]:
        """The best sigma: root mean squared errors, but at least the least."""
        return self._noise(self._squares(coef, intercept)[0])

    def weighted(self, noise: Float[np.ndarray, " tasks"]) -> SquaredBound:
        """The squared errors of fixed sigma, without their constants."""
        return SquaredBound(self.datafit, ScaledTasks(self.rows, 1 / noise))

    def start(self) -> Float64[np.ndarray, " tasks"]:
        """The mean labels."""
        return self.squared.start()

    def respond(self, coef: Coef, intercept: Intercept) -> Float64[np.ndarray, "tasks features"]:
        """W G."""
        return self.squared.respond(coef, intercept)

    def value_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "tasks features"]
    ) -> float:
        """The loss by W G."""
        squares = self._squares_at(coef, intercept, response)
        noise = self._noise(squares)
        return 0.5 * float(self.rows.mass @ (squares / noise + noise))

    def gradient_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "tasks features"]
    ) -> tuple[Coef, Intercept]:
        """The gradients by W G."""
        noise = self._noise(self._squares_at(coef, intercept, response))
        slope, free = self.squared.gradient_at(coef, intercept, response)
        return slope / noise[:, None], free / noise

    def lipschitz(self) -> tuple[Float64[np.ndarray, " tasks"], Float64[np.ndarray, " tasks"]]:
        """Those of squared errors at the least sigma."""
        of_coef, of_intercept = self.squared.lipschitz()
        return of_coef / self.least, of_intercept / self.least

    def dual(self, coef: Coef, intercept: Intercept, factor_of: Callable[[Coef], float]) -> float:
        """A lower bound of the objective by the residuals there, divided by their sizes."""
        squares, slope = self._squares(coef, self.squared.mean)
        noise = self._noise(squares)
        factor = factor_of(slope / noise[:, None])
        products = self.squared.energy - (coef * self.squared.cross).sum(axis=1)
        spare = self.rows.mass * self.least * (1 - factor**2 * squares / noise**2)
        return float((factor * products / noise + 0.5 * spare).sum())

    def _noise(self, squares: np.ndarray) -> np.ndarray:
        return np.maximum(np.sqrt(squares), self.least)

    def _squares(self, coef: Coef, intercept: Intercept) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared errors of each task, and the gradient of half of their sum."""
        response = self.squared.respond(coef, intercept)
        return self._squares_at(coef, intercept, response), response - self.squared.cross

    def _squares_at(
        self, coef: Coef, intercept: Intercept, response: Float64[np.ndarray, "tasks features"]
    ) -> np.ndarray:
        """Mean squared errors of each task by W G."""
        left = self.squared.energy + (coef * (response - 2 * self.squared.cross)).sum(axis=1)
        squares: np.ndarray = np.maximum(left, 0.0) / self.rows.mass
        return squares + (intercept - self.squared.mean) ** 2
