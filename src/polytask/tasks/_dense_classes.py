"""A class for each pixel of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError, OneClassError
from polytask.tasks._averages import in_any_library, mean_log_probabilities
from polytask.tasks._calibrated_cells import calibrated_classes
from polytask.tasks._calibration import Calibration
from polytask.tasks._classes import class_summary
from polytask.tasks._dense import MOST_CHANNELS, MOST_SCORES, Dense, mean_pixels
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns

__all__ = ["DenseClasses"]

_SMALLEST = 1e-15
_EXACT = 2**24
"""Beyond, single precision does not hold every whole number."""


@dataclass(frozen=True)
class DenseClasses(Dense):
    """A class for each pixel, such as a mask of segments: an array (height, width) of class numbers.

    The response has a probability for each class and pixel, (n, n_classes, height, width), those of
    a softmax over the pixel's scores; the decision is the likeliest class number of each.

    Parameters
    ----------
    ignore : float, optional
        Value of pixels that are not labelled, such as 255 for the borders of objects. NaN and null
        never are.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import DenseClasses
    >>> masks = np.array([[[0, 0, 7]], [[0, 7, 255]]], dtype=float)
    >>> kind = DenseClasses(ignore=255)
    >>> target = kind.fit("mask", {"mask": masks})
    >>> target.classes, kind.score_shape(target)
    ((0, 7), (2, 1, 3))
    >>> kind.truth([masks], target)[1]
    array([[ 0.,  1., nan]])
    """

    name: ClassVar[str] = "dense_classes"
    holds: ClassVar[str] = "class numbers of pixels"
    may_have_channels: ClassVar[bool] = False

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> FittedTarget:
        """Find the class numbers, in order, how many pixels have each, and the arrays' shape."""
        name, values, known = self.observed(owner, columns)
        _check_numbers(owner, name, values)
        numbers, counts = np.unique(values[known], return_counts=True)
        if len(numbers) == 1:
            sentence = (
                f"Task {owner!r}: column {name!r} holds only one class, {int(numbers[0])}, in the pixels "
                "of the training rows. Check the split or drop the task."
            )
            raise OneClassError(sentence, int(numbers[0]))
        if len(numbers) > MOST_CHANNELS:
            sentence = (
                f"Task {owner!r} is of kind {self.name}, but column {name!r} holds {len(numbers):,} "
                f"different numbers; at most {MOST_CHANNELS:,} classes can be learned. Choose "
                "dense_numbers if they are no classes."
            )
            raise DataError(sentence)
        height, width = values.shape[1:]
        if len(numbers) * height * width > MOST_SCORES:
            sentence = (
                f"Task {owner!r}: column {name!r} holds {len(numbers):,} classes in arrays of {height:,} x "
                f"{width:,} pixels; at most {MOST_SCORES:,} pixels times classes can be learned. Make the "
                "arrays smaller, or cut them into tiles."
            )
            raise DataError(sentence)
        learned = {
            "shape": (float(height), float(width)),
            "pixel_counts": tuple(map(float, counts)),
        }
        return FittedTarget((name,), tuple(map(int, numbers)), learned)

    def check_cells(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> None:
        """Raise for arrays of anything but class numbers, naming the row."""
        _check_numbers(owner, *self.pixels(owner, columns))

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with pixel counts of these rows alone."""
        codes = self.truth(columns, fitted)
        known = codes[codes < len(fitted.classes)].astype(np.int64)
        counts = np.bincount(known, minlength=len(fitted.classes)).astype(float)
        return replace(fitted, learned={**fitted.learned, "pixel_counts": tuple(counts.tolist())})

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a shape, at least two classes, and a count for each."""
        n_classes = len(fitted.classes)
        return (
            fitted.learned_counts == {"shape": 2, "pixel_counts": n_classes}
            and n_classes > 1
            and self.has_shape(fitted)
            and all(type(number) is int and 0 <= number < _EXACT for number in fitted.classes)
            and list(fitted.classes) == sorted(set(fitted.classes))
            and min(fitted.learned["pixel_counts"]) >= 0
        )

    # ── shapes ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each class and pixel."""
        return (len(fitted.classes), *self.target_shape(fitted))

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, "n h w"]:
        """Class codes; one more for all classes that were not seen in training."""
        values = self.values(columns, fitted)
        numbers = np.array(fitted.classes, dtype=np.float64)
        codes = np.searchsorted(numbers, values).clip(max=len(numbers) - 1)
        known = np.where(numbers[codes] == values, codes, float(len(numbers)))
        return np.where(np.isnan(values), np.nan, known)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n h w"]:
        """Class codes."""
        codes = self.truth(columns, fitted)
        return np.where(codes < len(fitted.classes), codes, np.nan).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(
        self, raw: Float32[np.ndarray, "n c h w"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n c h w"]:
        """Probabilities of the classes of each pixel."""
        del fitted
        from scipy.special import softmax  # heavy, and not needed to read a table

        return np.asarray(softmax(raw.astype(np.float64), axis=1))

    def raw(
        self, response: Float[np.ndarray, "n c h w"], fitted: FittedTarget
    ) -> Float32[np.ndarray, "n c h w"]:
        """Log-probabilities: scores up to a constant per pixel."""
        del fitted
        return np.log(np.clip(response, _SMALLEST, 1.0)).astype(np.float32)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The likeliest class number of each pixel, (n, height, width)."""
        return np.array(fitted.classes, dtype=np.int64)[response.argmax(axis=1)]

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Logarithms of the mean probabilities of each pixel."""
        by_pixel = raw.swapaxes(2, 4)
        flat = by_pixel.reshape(len(raw), -1, raw.shape[2])
        mean = mean_log_probabilities(flat).reshape(by_pixel.shape[1:])
        return mean.swapaxes(1, 3)

    def mean_response(
        self,
        truth: Float[np.ndarray, "n h w"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, "c h w"]:
        """Shares of the classes at each pixel, over the rows that label it."""
        known = np.where(truth < len(fitted.classes), truth, np.nan)
        missing = np.isnan(known)
        counts = np.array(fitted.learned["pixel_counts"])
        even = np.full(len(counts), 1 / len(counts))
        shares = counts / counts.sum() if counts.sum() > 0 else even
        each = [np.where(missing, np.nan, known == code) for code in range(len(shares))]
        return np.stack(
            [mean_pixels(own, weight, share) for own, share in zip(each, shares, strict=True)]
        )

    # ── tables and reports ────────────────────────────────────────────────────
    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of pixels where the likeliest class is true beside its probability."""
        del fitted
        return calibrated_classes(truth, np.moveaxis(response, 1, -1), weight, "class", "pixels")

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """The likeliest class of each pixel."""
        del fitted
        return response.argmax(axis=1).reshape(len(response), -1)

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How many pixels have each class."""
        return class_summary(self.truth(columns, fitted), fitted)

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n *cells"]]]:
        """Small masks of a few rows, with pixels and a row that are not labelled."""
        rng = np.random.default_rng(0)
        masks = rng.integers(0, 3, (24, 2, 2)) * 2.0
        masks[3], masks[5, 0, 1] = np.nan, np.nan
        return [{"mask": masks}]


def _check_numbers(owner: str, name: str, values: Float[np.ndarray, "n h w"]) -> None:
    """Raise for the first row with a pixel that is no class number."""
    with np.errstate(invalid="ignore"):
        wrong = (values < 0) | (values >= _EXACT) | ((values % 1 != 0) & ~np.isnan(values))
    rows = wrong.any(axis=(1, 2))
    if rows.any():
        row = int(rows.argmax())
        value = float(values[row][wrong[row]][0])
        sentence = (
            f"Task {owner!r}: column {name!r} must hold class numbers, whole and at least 0. Got "
            f"{value:g} in row {row}. Make it NaN, or name it as `ignore`, if the pixel is not "
            "labelled; choose dense_numbers if pixels hold numbers."
        )
        raise DataError(sentence)
