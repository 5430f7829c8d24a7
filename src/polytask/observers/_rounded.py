"""Rounding of what observers return."""

from __future__ import annotations

from typing import Any

from torch import Tensor

__all__ = ["rounded"]

_DIGITS = 4


def rounded(values: Tensor) -> Any:
    """Numbers, or lists of them, of few digits; None for those that are not finite."""

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(item) for item in value]
        return round(value, _DIGITS) + 0.0 if value == value else None  # noqa: PLR0124 - NaN

    return short(values.tolist())
