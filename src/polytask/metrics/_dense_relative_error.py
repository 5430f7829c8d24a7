"""Mean relative error of the numbers of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._pixel_errors import PixelErrorMetric

__all__ = ["DenseRelativeError"]


@dataclass(frozen=True)
class DenseRelativeError(PixelErrorMetric):
    r"""Mean of :math:`|d - \hat d| / |d|` over all labelled numbers of all rows that are not 0.

    The *relative error* of depth estimation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import DenseRelativeError
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[[1.0, 4.0, np.nan]]]), np.array([[[2.0, 6.0, 0.0]]])
    >>> DenseRelativeError().score(truth, response, FittedTarget(("depth",))).value
    0.75
    """

    name: ClassVar[str] = "dense_relative_error"
    label: ClassVar[str] = "relative error of pixels"
    nothing: ClassVar[str] = "no labelled pixel other than 0"

    def errors(
        self, truth: Float64[np.ndarray, "..."], response: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """Absolute errors as shares of the truth."""
        return np.abs(truth - response) / np.abs(np.where(truth == 0, np.nan, truth))
