"""Deviance of counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._expected_counts import check_counted, counted_parts
from polytask.metrics._metric import Part
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import Count, FittedTarget, Kind

__all__ = ["PoissonDeviance"]

_SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class PoissonDeviance(RowwiseMetric):
    r"""Mean Poisson deviance of counts, 0 where all are as expected.

    .. math:: D = \frac{\sum_i w_i d_i}{\sum_i w_i}, \qquad
              d_i = 2 \left( y_i \log \frac{y_i}{e_i \mu_i} - y_i + e_i \mu_i \right)

    with counts y, exposures e (1 where a task has none), rates :math:`\mu` and row weights w. It is
    least, in expectation, for the true rates, however counts spread around them, so that it also
    judges the rates of a negative binomial. Row k adds
    :math:`w_k (d_k - D) / \sum_i w_i` to first order in its weight.

    References
    ----------
    McCullagh and Nelder, "Generalized linear models", 1989.

    Notes
    -----
    Equal to scikit-learn's ``mean_poisson_deviance(y, e * mu, sample_weight=w)``. Where rates are
    measured per unit of exposure, ``mean_poisson_deviance(y / e, mu, sample_weight=w * e)``, the
    value is this one over the mean exposure. scikit-learn refuses expectations of 0, which no model
    of counts gives; here they count as 2.2e-308.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import PoissonDeviance
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("visits",), learned={"mean_count": (1.0,)})
    >>> PoissonDeviance().score(np.array([0.0, 2.0]), np.array([0.5, 2.0]), target).value
    0.5
    """

    name: ClassVar[str] = "poisson_deviance"
    label: ClassVar[str] = "Poisson deviance"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Count,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Count,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Deviances of counts from their expectations."""
        del fitted
        expected = np.maximum(response, _SMALLEST)
        ratio = np.where(truth > 0, truth, 1.0) / expected
        surprise = np.where(truth > 0, truth * np.log(ratio), 0.0)
        return np.maximum(2 * (surprise - truth + expected), 0.0)

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """Counts and expected counts."""
        return counted_parts(truth, response, fitted)

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless truth and response are those of counts."""
        del fitted
        if not check_counted(truth, response):
            expected = "rates, or rates and dispersions, of shape (n,) or (n, 2)"
            raise ParameterError(
                message("PoissonDeviance.score", "response", expected, response.shape)
            )
