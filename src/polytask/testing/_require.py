"""Assertions that speak, also under ``python -O``."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["require", "require_close", "require_finite", "require_same"]


def require(condition: object, words: str) -> None:
    """Raise AssertionError with `words` unless `condition` holds."""
    if not condition:
        raise AssertionError(words)


def require_close(
    got: Any, wanted: Any, words: str, *, relative: float = 1e-6, absolute: float = 1e-9
) -> None:
    """Raise unless two arrays of one shape are equal up to rounding; NaN equals NaN."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    require(got.shape == wanted.shape, f"{words}: shape {got.shape} against {wanted.shape}")
    same = np.allclose(got, wanted, rtol=relative, atol=absolute, equal_nan=True)
    require(same, f"{words}: got {_shown(got)}, expected {_shown(wanted)}")


def require_same(got: Any, wanted: Any, words: str) -> None:
    """Raise unless two arrays are equal to the last bit."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    numbers = got.dtype.kind == wanted.dtype.kind == "f"
    same = np.array_equal(got, wanted, equal_nan=numbers)
    require(same, f"{words}: got {_shown(got)}, expected {_shown(wanted)}")


def require_finite(values: Any, words: str) -> None:
    """Raise unless every number is finite."""
    values = np.asarray(values)
    require(np.isfinite(values).all(), f"{words}: got {_shown(values)}")


def _shown(values: np.ndarray) -> str:
    return np.array2string(values, threshold=8, edgeitems=3, precision=6).replace("\n", " ")
