"""Settings of a run as its record holds them: recipes by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from polytask._paths import recipe_text

__all__ = ["recorded_settings"]


def recorded_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with every recipe as text: its name, and the fields that are not the default.

    Parameters
    ----------
    settings : mapping

    Examples
    --------
    >>> from polytask.encoders import PiecewiseLinear
    >>> recorded_settings({"rate": 0.1, "numbers": PiecewiseLinear(n_bins=8)})
    {'rate': 0.1, 'numbers': 'piecewise_linear(n_bins=8)'}
    """
    return {
        name: recipe_text(value) if is_dataclass(value) and not isinstance(value, type) else value
        for name, value in settings.items()
    }
