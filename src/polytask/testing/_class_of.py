"""Class of a recipe that is given as a class or as an object."""

from __future__ import annotations

import dataclasses
from typing import Any

from polytask.testing._require import require

__all__ = ["class_of"]


def class_of(recipe: Any, required: dict[str, Any]) -> tuple[type, dict[str, Any]]:
    """A dataclass, and values of the arguments without a default; an object of it has them.

    Parameters
    ----------
    recipe : dataclass, or instance of one
    required : dict of argument to value
        Takes precedence over the object's own values.
    """
    if isinstance(recipe, type):
        return recipe, required
    require(dataclasses.is_dataclass(recipe), f"{type(recipe).__name__} is no dataclass.")
    own = {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(recipe)
        if field.init and _has_no_default(field)
    }
    return type(recipe), {**own, **required}


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
