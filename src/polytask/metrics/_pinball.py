"""Pinball loss of predicted quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Quantile

__all__ = ["Pinball"]


@dataclass(frozen=True)
class Pinball(RowwiseMetric):
    r"""Mean pinball loss over rows and levels, in the user's units.

    .. math:: \frac{1}{n Q} \sum_{i, k} \max(\tau_k (y_i - q_{ik}), (\tau_k - 1)(y_i - q_{ik}))

    with true values y, and quantiles q of the levels :math:`\tau`. It is a proper score: the true
    quantiles have the smallest expected one. At the level 0.5 alone it is half the mean absolute
    error.

    References
    ----------
    Koenker & Bassett, "Regression quantiles", Econometrica 1978. Gneiting & Raftery, "Strictly
    proper scoring rules, prediction, and estimation", JASA 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import Pinball
    >>> from polytask.tasks import Quantile
    >>> truth, response = np.array([1.0, 5.0]), np.array([[1.0, 2.0], [2.0, 3.0]])
    >>> target = Quantile((0.1, 0.5)).fit("price", {"price": truth})
    >>> Pinball().score(truth, response, target).value  # (0 + 0.5 + 0.3 + 1) / 4
    0.45
    """

    name: ClassVar[str] = "pinball"
    label: ClassVar[str] = "pinball loss"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Quantile,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Quantile,)
    greater_is_better: ClassVar[bool] = False
    in_target_units: ClassVar[bool] = True
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n levels"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Mean over the levels."""
        errors, levels = truth[:, None] - response, np.array(fitted.learned["levels"])
        return np.maximum(levels * errors, (levels - 1) * errors).mean(axis=1)
