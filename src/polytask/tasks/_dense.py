"""Base class of kinds that label the pixels of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Float64, Real, Shaped

from polytask._row_shares import shares_of_largest
from polytask._validation import Constraint, Finite, Optional, check_parameters
from polytask.exceptions import DataError, ParameterError
from polytask.tasks._classes import missing, only_column
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind

__all__ = ["MOST_CHANNELS", "MOST_SCORES", "Dense", "mean_pixels"]

MOST_CHANNELS = 1000
_LONGEST = 8192
MOST_SCORES = 1 << 25
"""Channels times pixels of a row."""


@dataclass(frozen=True)
class Dense(Kind):
    """A label for each pixel of a row's image: an array in each cell of one target column.

    Pixels that are NaN, null or `ignore` are not labelled. All rows have arrays of one shape, whose
    last two axes are height and width; it may be smaller or larger than the image's.

    Parameters
    ----------
    ignore : float, optional
        Value of pixels that are not labelled, such as 255 for the borders of objects.
    """

    ignore: float | None = None

    form: ClassVar = "map"
    counts_cells: ClassVar[bool] = True
    takes_text: ClassVar[bool] = True
    joint_outputs: ClassVar[bool] = False
    holds: ClassVar[str]
    """What a cell holds, for errors."""
    may_have_channels: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"ignore": Optional(Finite)}

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.ignore is not None:
            object.__setattr__(self, "ignore", float(self.ignore))

    @classmethod
    def from_text(cls, text: str) -> Dense:
        """From a text such as ``ignore=255``."""
        name, _, value = text.partition("=")
        try:
            return cls(ignore=_number(name, value))
        except ValueError:
            sentence = (
                f"The kind {cls.name} takes the value of pixels that are not labelled, as in "
                f"{cls.name}:ignore=255. Got {text!r}."
            )
            raise ParameterError(sentence) from None

    # ── what is learned ───────────────────────────────────────────────────────
    def pixels(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> tuple[str, Float[np.ndarray, " n *cells"]]:
        """The name of the column, and its arrays, NaN where a pixel is not labelled.

        Raises
        ------
        DataError
            If the column holds no arrays of pixels, or an infinite value.
        """
        name, values = only_column(owner, columns, self.name)
        if values.ndim == 1 and missing(values).all():
            raise DataError(self._nothing(owner, name))
        if values.ndim not in ((3, 4) if self.may_have_channels else (3,)):
            raise DataError(f"Task {owner!r}: {_no_pixels(name, values, self)}")
        values = np.where(values == self.ignore, np.nan, values) if self._has(values) else values
        infinite = np.isinf(values).any(axis=tuple(range(1, values.ndim)))
        if infinite.any():
            sentence = (
                f"Task {owner!r}: column {name!r} holds an infinite value (first in row "
                f"{infinite.argmax()}). Replace it, or make it NaN if the pixel is unknown."
            )
            raise DataError(sentence)
        return name, values

    def observed(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> tuple[str, Float[np.ndarray, " n *cells"], Bool[np.ndarray, " n *cells"]]:
        """What `pixels` gives, and which pixels are labelled; at least one.

        Raises
        ------
        DataError
        """
        name, values = self.pixels(owner, columns)
        known = ~np.isnan(values)
        if not known.any():
            raise DataError(self._nothing(owner, name))
        shape = values.shape[1:]
        if max(shape[-2:]) > _LONGEST or math.prod(shape) > MOST_SCORES:
            sentence = (
                f"Task {owner!r}: column {name!r} holds arrays of shape {shape}; at most "
                f"{_LONGEST:,} pixels in height and width, and {MOST_SCORES:,} values, can be learned. "
                "Make them smaller, or cut them into tiles."
            )
            raise DataError(sentence)
        if len(shape) == 3 and shape[0] > MOST_CHANNELS:
            sentence = (
                f"Task {owner!r}: column {name!r} holds arrays of {shape[0]:,} channels; at most "
                f"{MOST_CHANNELS:,} can be learned."
            )
            raise DataError(sentence)
        return name, values, known

    def check_cells(
        self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n *cells"]]
    ) -> None:
        """Raise for a column that holds no arrays of pixels."""
        self.pixels(owner, columns)

    def has_shape(self, fitted: FittedTarget) -> bool:
        """Whether a target from a file has one column and arrays of a shape that can be learned."""
        shape = fitted.learned.get("shape", ())
        return (
            len(fitted.columns) == 1
            and len(shape) in ((2, 3) if self.may_have_channels else (2,))
            and all(size in range(1, _LONGEST + 1) for size in shape)
            and math.prod(map(int, shape)) <= MOST_SCORES
            and math.prod(self.score_shape(fitted)) <= MOST_SCORES
            and self.score_shape(fitted)[0] <= MOST_CHANNELS
            and all(math.isfinite(x) for numbers in fitted.learned.values() for x in numbers)
        )

    # ── shapes ────────────────────────────────────────────────────────────────
    def target_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One cell for each value of an array."""
        return tuple(map(int, fitted.learned["shape"]))

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each channel and pixel; one channel where arrays have none."""
        shape = self.target_shape(fitted)
        return shape if len(shape) == 3 else (1, *shape)

    # ── labels ────────────────────────────────────────────────────────────────
    def values(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, " n *cells"]:
        """The arrays in double precision, NaN where a pixel is not labelled.

        Raises
        ------
        DataError
            If they have another shape than those of the training rows.
        """
        (name,) = fitted.columns
        if not len(columns[0]):
            return np.zeros((0, *self.target_shape(fitted)))
        _, values = self.pixels(name, {name: columns[0]})
        if values.shape[1:] != self.target_shape(fitted):
            sentence = (
                f"Column {name!r} held arrays of shape {self.target_shape(fitted)} in the training rows, "
                f"and of shape {values.shape[1:]} now. Resize them."
            )
            raise DataError(sentence)
        return values.astype(np.float64, copy=False)

    # ── tables and reports ────────────────────────────────────────────────────
    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """Mean and deviation of each channel over all labelled pixels."""
        values = self.values(columns, fitted)
        by_channel = values.swapaxes(0, 1) if values.ndim == 4 else values[None]
        known = [own[~np.isnan(own)] for own in by_channel]
        return {
            "mean": [float(own.mean()) if own.size else 0.0 for own in known],
            "std": [float(own.std()) if own.size else 0.0 for own in known],
        }

    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The decision, an array in each cell."""
        decided = self.decide(response, fitted)
        cells = np.empty(len(decided), dtype=object)
        cells[:] = list(decided)
        return [(name, cells)]

    def _nothing(self, owner: str, name: str) -> str:
        ignored = "" if self.ignore is None else f" or {self.ignore:g}, which is ignored"
        return (
            f"Task {owner!r}: column {name!r} has no observed label to learn from: all pixels are "
            f"missing{ignored}."
        )

    def _has(self, values: np.ndarray) -> bool:
        return self.ignore is not None and bool((values == self.ignore).any())


def mean_pixels(
    values: Float64[np.ndarray, " n *cells"], weight: Real[np.ndarray, " n"], rest: Any
) -> Float64[np.ndarray, " *cells"]:
    """Weighted mean of each pixel over the rows that label it; `rest` where none does.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._dense import mean_pixels
    >>> mean_pixels(np.array([[[1.0, np.nan]], [[4.0, np.nan]]]), np.array([2.0, 1.0]), 7.0)
    array([[2., 7.]])
    """
    known = ~np.isnan(values)
    shares = shares_of_largest(weight).reshape(-1, *[1] * (values.ndim - 1))
    total = (known * shares).sum(axis=0)
    sums = (np.where(known, values, 0.0) * shares).sum(axis=0)
    return np.asarray(np.where(total > 0, sums / np.where(total > 0, total, 1.0), rest))


def _number(name: str, value: str) -> float:
    number = float(value)
    if name.strip() != "ignore" or not math.isfinite(number):
        raise ValueError
    return number


def _no_pixels(name: str, values: np.ndarray, kind: Dense) -> str:
    """Why a column holds no arrays of pixels, and the remedy."""
    axes = "(height, width)"
    if kind.may_have_channels:
        axes += " or (channels, height, width)"
    start = f"column {name!r} must hold {kind.holds}, an array {axes} in each row."
    if values.ndim > 1:
        return f"{start} Got arrays of shape {values.shape[1:]}."
    cell = next(iter(values[~missing(values)].tolist()), None)
    got = "text" if isinstance(cell, str) else "one value in each row"
    return (
        f"{start} Got {got}, such as {cell!r}. Give arrays (from_arrays), or a column of arrays or "
        "nested lists (Parquet, NDJSON)."
    )
