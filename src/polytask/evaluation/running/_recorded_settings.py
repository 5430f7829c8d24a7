"""Settings of a run as its record holds them: recipes by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from polytask._naming import snake_case

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
    return {name: _recorded(value) for name, value in settings.items()}


def _recorded(value: Any) -> Any:
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = ", ".join(
        f"{field.name}={_recorded(content)}"
        for field in fields(value)
        if field.init and (content := getattr(value, field.name)) != _default(field)
    )
    name = snake_case(type(value).__name__)
    return f"{name}({changed})" if changed else name


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
