"""Logarithmic score of normal distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Distribution, FittedTarget, Kind

__all__ = ["GaussianLogScore"]

_SMALLEST = 1e-300


@dataclass(frozen=True)
class GaussianLogScore(RowwiseMetric):
    r"""Mean negative logarithm of the predicted density at the true value.

    .. math:: \frac1n \sum_i \Big( \frac{(y_i - \mu_i)^2}{2 \sigma_i^2} + \log \sigma_i
              + \frac12 \log 2 \pi \Big)

    with the true values y, and the predicted normal distributions of means :math:`\mu` and
    deviations :math:`\sigma`, in the user's units: a unit twice as large lowers it by log 2. It is a
    proper score that punishes sure errors without limit; `CRPS` is milder.

    References
    ----------
    Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import GaussianLogScore
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 3.0]), np.array([[0.0, 1.0], [1.0, 1.0]])
    >>> round(GaussianLogScore().score(truth, response, FittedTarget(("y",))).value, 4)
    1.9189
    """

    name: ClassVar[str] = "gaussian_log_score"
    label: ClassVar[str] = "Gaussian log score"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Distribution,)
    greater_is_better: ClassVar[bool] = False
    positive_scale: ClassVar[bool] = False

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n two"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Minus the log-density of each row."""
        del fitted
        deviation = np.maximum(response[:, 1], _SMALLEST)
        z = (truth - response[:, 0]) / deviation
        return np.square(z) / 2 + np.log(deviation) + np.log(2 * np.pi) / 2
