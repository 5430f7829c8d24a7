"""Mean absolute error of the numbers of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._pixel_errors import PixelErrorMetric
from polytask.tasks import DenseNumbers, FittedTarget, Kind

__all__ = ["DenseMAE"]


@dataclass(frozen=True)
class DenseMAE(PixelErrorMetric):
    r"""Mean absolute error of all labelled numbers of all rows, :math:`|d - \hat d|`.

    The *absolute error* of depth estimation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import DenseMAE
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[[1.0, 2.0, np.nan]]]), np.array([[[2.0, 4.0, 0.0]]])
    >>> DenseMAE().score(truth, response, FittedTarget(("depth",))).value
    1.5
    """

    name: ClassVar[str] = "dense_mae"
    label: ClassVar[str] = "absolute error of pixels"
    default_for: ClassVar[tuple[type[Kind], ...]] = (DenseNumbers,)

    def errors(
        self, truth: Float64[np.ndarray, "..."], response: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """Absolute errors."""
        return np.abs(truth - response)

    def constant(
        self,
        mean: Float64[np.ndarray, " *cells"],
        truth: Float[np.ndarray, " n *cells"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " *cells"]:
        """The weighted median of each pixel."""
        del fitted
        order = np.argsort(truth, axis=0)  # missing ones last
        ordered = np.take_along_axis(truth, order, axis=0)
        shares = np.where(np.isnan(ordered), 0.0, np.asarray(weight, dtype=np.float64)[order])
        reached = shares.cumsum(axis=0) >= shares.sum(axis=0) / 2
        medians = np.take_along_axis(ordered, reached.argmax(axis=0)[None], axis=0)[0]
        return np.asarray(np.where(np.isnan(medians), mean, medians))
