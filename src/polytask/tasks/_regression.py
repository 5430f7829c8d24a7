"""Real-valued targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Float64, Shaped

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind

__all__ = ["Regression"]

_FARTHEST = 1e15
"""Standard deviations whose squares, added up, stay in the range of single precision."""
_LARGEST = 1e75
"""Variances of squared errors are fourth powers, which must stay below 1.8e308."""


@dataclass(frozen=True)
class Regression(Kind):
    """One or several real numbers, standardised for training and predicted in the user's units.

    A row counts as labelled if any of its columns is; its loss is the mean over those.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Regression
    >>> Regression().fit("price", {"price": np.array([1.0, 3.0])}).center
    (2.0,)
    """

    name: ClassVar[str] = "regression"

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn each column's mean and standard deviation (1 for a constant column)."""
        centers, scales = [], []
        for name, values in columns.items():
            observed = _numbers(name, values)
            observed = observed[~np.isnan(observed)]
            if observed.size == 0:
                sentence = f"Task {owner!r}: column {name!r} has no observed value to learn from."
                raise DataError(sentence)
            constant = bool(observed.min() == observed.max())
            _check_range(owner, name, observed, constant=constant)
            center, scale = _center_and_scale(observed)
            centers.append(center)
            scales.append(scale)
        return FittedTarget(
            tuple(columns), len(columns), center=tuple(centers), scale=tuple(scales)
        )

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there is a mean and a deviation for every column."""
        return super().accepts(fitted) and fitted.size == len(fitted.columns) == len(
            fitted.center
        ) == len(fitted.scale)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Standardised values."""
        return _standardised(self._table(columns, fitted), fitted)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The values as given."""
        table = self._table(columns, fitted)
        return table[:, 0] if table.shape[1] == 1 else table

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Scores in the user's units."""
        table = raw.astype(np.float64) * np.array(fitted.scale) + np.array(fitted.center)
        return table[:, 0] if table.shape[1] == 1 else table

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Standardised predictions."""
        return _standardised(response.reshape(len(response), fitted.size), fitted)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The response itself."""
        del fitted
        return response

    @staticmethod
    def _table(columns: Columns, fitted: FittedTarget) -> np.ndarray:
        pairs = zip(fitted.columns, columns, strict=True)
        return np.stack([_numbers(name, values) for name, values in pairs], axis=1)


def _standardised(table: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
    """In standard deviations from the mean; those farthest away are moved to where squares fit."""
    scaled = (table - np.array(fitted.center)) / np.array(fitted.scale)
    return np.clip(scaled, -_FARTHEST, _FARTHEST).astype(np.float32)


def _center_and_scale(observed: Float64[np.ndarray, " n"]) -> tuple[float, float]:
    """Mean and standard deviation, exactly alike in units that differ by a power of two."""
    if observed.min() == observed.max():
        return float(observed[0]), 1.0
    _, power = np.frexp(np.abs(observed).max())
    scaled = np.ldexp(observed, -power)
    return float(np.ldexp(scaled.mean(), power)), float(np.ldexp(scaled.std(), power)) or 1.0


def _check_range(
    owner: str, name: str, observed: Float64[np.ndarray, " n"], *, constant: bool
) -> None:
    """Raise if squares of squares of the values, or of their spread, leave the range of floats."""
    largest = float(np.abs(observed).max())
    if largest > _LARGEST:
        held, remedy = f"{largest:.3g}", "Divide it by a constant, or take logarithms."
    elif not constant and np.ptp(observed) < 1 / _LARGEST:
        held, remedy = f"differences below {np.ptp(observed):.3g}", "Multiply it by a constant."
    else:
        return
    sentence = (
        f"Task {owner!r}: column {name!r} holds {held}, and powers of that leave the range of "
        f"floating-point numbers. {remedy}"
    )
    raise DataError(sentence)


def _numbers(name: str, values: np.ndarray) -> np.ndarray:
    """The column as float64, NaN where missing; false and true are 0 and 1."""
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        numbers = None
    text = values.dtype.kind not in "biuf" and any(isinstance(v, str) for v in values.tolist())
    if numbers is None or text:
        sentence = (
            f"The target column {name!r} of a regression holds text. "
            "Give numbers, or choose the kind binary or multiclass."
        )
        raise DataError(sentence)
    if np.isinf(numbers).any():
        sentence = (
            f"The target column {name!r} of a regression holds an infinite value. "
            "Replace it, or leave the cell empty if the value is unknown."
        )
        raise DataError(sentence)
    return numbers
