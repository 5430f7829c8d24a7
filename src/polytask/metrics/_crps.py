"""Continuous ranked probability score of normal distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real
from scipy.optimize import minimize
from scipy.special import ndtr

from polytask._row_shares import shares_of_largest
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Distribution, FittedTarget, Kind

__all__ = ["CRPS"]

_SMALLEST = 1e-300

Numbers = Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class CRPS(RowwiseMetric):
    r"""Mean continuous ranked probability score, in the user's units.

    .. math:: \frac1n \sum_i \int \big( F_i(x) - [y_i \le x] \big)^2 \, dx
              = \frac1n \sum_i \sigma_i \Big( z_i (2 \Phi(z_i) - 1) + 2 \varphi(z_i)
              - \frac{1}{\sqrt \pi} \Big), \qquad z_i = \frac{y_i - \mu_i}{\sigma_i}

    with the true values y, and the predicted normal distributions F of means :math:`\mu` and
    deviations :math:`\sigma`. It is a proper score: the true distribution has the smallest expected
    one. Of sure predictions, :math:`\sigma \to 0`, it is the absolute error.

    References
    ----------
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import CRPS
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 3.0]), np.array([[0.0, 1.0], [1.0, 1e-9]])
    >>> round(CRPS().score(truth, response, FittedTarget(("y",))).value, 4)  # (0.2337 + 2) / 2
    1.1168
    """

    name: ClassVar[str] = "crps"
    label: ClassVar[str] = "CRPS"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Distribution,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Distribution,)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n two"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """The closed form of each row."""
        del fitted
        return _of_rows(truth, response[:, 0], np.maximum(response[:, 1], _SMALLEST))[0]

    def constant(
        self,
        mean: Float64[np.ndarray, " two"],
        truth: Float[np.ndarray, " n"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " two"]:
        """Mean and deviation of the least score, sought from those of the rows."""
        del fitted
        known = np.isfinite(truth) & (weight > 0)
        center, scale = mean
        z, share = (truth[known] - center) / scale, shares_of_largest(weight[known])
        share = share / share.sum()

        def score(place: np.ndarray) -> tuple[float, np.ndarray]:
            scores, by_mean, by_deviation = _of_rows(z, place[0], np.exp(place[1]))
            gradient = [share @ by_mean, share @ by_deviation * np.exp(place[1])]
            return float(share @ scores), np.array(gradient)

        found = minimize(score, np.zeros(2), jac=True, bounds=[(-3, 3), (-3, 3)], tol=1e-14)
        return np.array([center + scale * found.x[0], scale * np.exp(found.x[1])])


def _of_rows(
    truth: Numbers, mean: Numbers | float, deviation: Numbers | float
) -> tuple[Numbers, Numbers, Numbers]:
    """Scores, and their slopes in the mean and in the deviation."""
    error = truth - mean
    z = error / deviation
    sides = 2 * ndtr(z) - 1
    excess = 2 * np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    return error * sides + deviation * excess, -sides, excess
