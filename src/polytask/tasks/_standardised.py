"""Numbers in deviations from their mean, and the range in which these can be squared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from polytask.exceptions import DataError
from polytask.tasks._fitted_target import FittedTarget

__all__ = ["FARTHEST", "LARGEST", "check_range", "is_in_range", "standardised"]

FARTHEST = 1e15
"""Standard deviations whose squares, added up, stay in the range of single precision."""
LARGEST = 1e75
"""Variances of squared errors are fourth powers, which must stay below 1.8e308."""


def standardised(table: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
    """In standard deviations from the mean; those farthest away are moved to where squares fit."""
    scaled = (table - np.array(fitted.learned["center"])) / np.array(fitted.learned["scale"])
    return np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32)


def check_range(
    owner: str, name: str, observed: Float64[np.ndarray, " n"], *, constant: bool
) -> None:
    """Raise if squares of squares of the values, or of their spread, leave the range of floats."""
    largest = float(np.abs(observed).max())
    if largest > LARGEST:
        held, remedy = f"{largest:.3g}", "Divide it by a constant, or take logarithms."
    elif not constant and np.ptp(observed) < 1 / LARGEST:
        held, remedy = f"differences below {np.ptp(observed):.3g}", "Multiply it by a constant."
    else:
        return
    sentence = (
        f"Task {owner!r}: column {name!r} holds {held}, and powers of that leave the range of "
        f"floating-point numbers. {remedy}"
    )
    raise DataError(sentence)


def is_in_range(fitted: FittedTarget) -> bool:
    """Whether center and scale are numbers that `check_range` lets pass."""
    scales, centers = fitted.learned["scale"], fitted.learned["center"]
    return min(scales) > 0 and max(*map(abs, centers), *scales) <= LARGEST
