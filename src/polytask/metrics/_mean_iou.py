"""Mean intersection over union of the classes of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._metric_value import MetricValue
from polytask.metrics._pixel_classes import PixelClassMetric, pixel_counts
from polytask.tasks import DenseClasses, FittedTarget, Kind

__all__ = ["MeanIoU"]

_NEITHER = -1


@dataclass(frozen=True)
class MeanIoU(PixelClassMetric):
    r"""Intersection over union of each class over the pixels of all rows, averaged over classes.

    .. math:: \frac{1}{C} \sum_c \frac{\sum_i w_i |T_{ic} \cap D_{ic}|}{\sum_i w_i |T_{ic} \cup D_{ic}|}

    with the pixels of row i that have the class c, :math:`T_{ic}`, and those decided for it,
    :math:`D_{ic}`; pixels without a label count in neither. Classes that no pixel has or is decided
    for are left out and named.

    Notes
    -----
    As in the benchmarks of PASCAL VOC and Cityscapes, pixels are added up over all images before
    the ratio is taken. Pixels of a class that training did not have lie outside every intersection.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MeanIoU
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("mask",), (0, 7), {"shape": (1.0, 3.0)})
    >>> truth, decided = np.array([[[0.0, 1.0, 1.0]]]), np.array([[[0, 0, 1]]])
    >>> MeanIoU().score(truth, np.moveaxis(np.eye(2)[decided], -1, 1), target).value
    0.5
    """

    name: ClassVar[str] = "mean_iou"
    label: ClassVar[str] = "mean IoU"
    default_for: ClassVar[tuple[type[Kind], ...]] = (DenseClasses,)

    def numbers(
        self,
        truth: Float64[np.ndarray, "n h w"],
        response: Float64[np.ndarray, "n c h w"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "n m"]:
        """Pixels of the intersection of each class, then those of each union."""
        n_classes = len(fitted.classes)
        shape = (len(truth), math.prod(truth.shape[1:]))
        known = ~np.isnan(truth.reshape(shape))
        true = np.where(known, truth.reshape(shape), _NEITHER).astype(np.int64)
        decided = np.where(known, response.argmax(axis=1).reshape(shape), _NEITHER)
        both = pixel_counts(np.where(true == decided, true, _NEITHER), n_classes)
        either = pixel_counts(true, n_classes) + pixel_counts(decided, n_classes) - both
        return np.concatenate([both, either], axis=1)

    def value_of(self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget) -> MetricValue:
        """The mean over the classes that have a union."""
        both, either = sums.reshape(2, -1)
        some = either > 0
        absent = zip(fitted.classes, some, strict=True)
        left_out = tuple(
            f"class {name!r}: no pixel has it or is decided for it"
            for name, is_there in absent
            if not is_there
        )
        if not some.any():
            return MetricValue(None, "no pixel has a class that training had")
        return MetricValue(float((both[some] / either[some]).mean()), left_out=left_out)

    def slopes(
        self, sums: Float64[np.ndarray, " m"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " m"]:
        """Those of the ratios, by the number of classes."""
        del fitted
        both, either = sums.reshape(2, -1)
        some = either > 0
        below = np.where(some, either, 1.0)
        slopes = np.stack([1 / below, -both / below**2]) * some / some.sum()
        return slopes.ravel()
