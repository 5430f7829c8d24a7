"""Mean squared error of heat maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._pixel_errors import PixelErrorMetric
from polytask.tasks import HeatMap, Kind

__all__ = ["HeatMapError"]


@dataclass(frozen=True)
class HeatMapError(PixelErrorMetric):
    """Mean squared difference of probabilities and heat maps over all labelled pixels of all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import HeatMapError
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([[[1.0, 0.0, np.nan]]]), np.array([[[0.5, 0.5, 0.5]]])
    >>> HeatMapError().score(truth, response, FittedTarget(("centers",))).value
    0.25
    """

    name: ClassVar[str] = "heat_map_error"
    label: ClassVar[str] = "squared error of heat maps"
    kinds: ClassVar[tuple[type[Kind], ...]] = (HeatMap,)
    default_for: ClassVar[tuple[type[Kind], ...]] = (HeatMap,)

    def errors(
        self, truth: Float64[np.ndarray, "..."], response: Float64[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """Squared errors."""
        return np.square(truth - response)
