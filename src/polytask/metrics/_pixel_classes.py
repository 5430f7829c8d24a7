"""Base class of metrics of the classes of an image's pixels, and counts of pixels by class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._pixel_metric import PixelMetric
from polytask.tasks import DenseClasses, FittedTarget, Kind

__all__ = ["PixelClassMetric", "pixel_counts"]


class PixelClassMetric(PixelMetric):
    """A metric of the likeliest class of every labelled pixel."""

    kinds: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless there is a probability for every class and pixel."""
        expected = (len(truth), len(fitted.classes), *truth.shape[1:])
        if truth.ndim != 3 or response.shape != expected:
            owner = f"{type(self).__name__}.score"
            wanted = f"of shape {expected}, a probability for each class and pixel"
            raise ParameterError(message(owner, "response", wanted, response.shape))


def pixel_counts(
    codes: Int64[np.ndarray, "n p"], n_classes: int
) -> Float64[np.ndarray, "n n_classes"]:
    """How many pixels of each row have each class; other codes count for nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._pixel_classes import pixel_counts
    >>> pixel_counts(np.array([[0, 1, 1], [-1, 0, 2]]), 2)
    array([[1., 2.],
           [1., 0.]])
    """
    rows, pixels = np.nonzero((codes >= 0) & (codes < n_classes))
    cells = rows * n_classes + codes[rows, pixels]
    counts = np.bincount(cells, minlength=len(codes) * n_classes)
    return counts.reshape(len(codes), n_classes).astype(np.float64)
