"""Check that a recipe goes through JSON unchanged."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from polytask._recipes import from_json, to_json
from polytask.testing._require import require, require_recipe

__all__ = ["check_recipe_round_trip"]


def check_recipe_round_trip(recipe: Any) -> None:
    """Check that a recipe is a dataclass that goes through JSON unchanged.

    Parameters
    ----------
    recipe : dataclass instance
        A weighting, an architecture, a learner, …

    Raises
    ------
    AssertionError
        If it is no dataclass, holds what JSON cannot, or comes back as something else.

    Examples
    --------
    >>> from polytask.testing import check_recipe_round_trip
    >>> from polytask.bookkeeping import Budget
    >>> check_recipe_round_trip(Budget(steps=100))
    """
    require_recipe("check_recipe_round_trip", recipe)
    name = type(recipe).__name__
    require(dataclasses.is_dataclass(recipe), f"{name} is no dataclass.")
    try:
        text = json.dumps(to_json(recipe), allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{name} cannot be written as JSON: {error}") from error
    back = from_json(json.loads(text))
    for field in (field for field in dataclasses.fields(recipe) if field.init):
        before, after = getattr(recipe, field.name), getattr(back, field.name)
        same = to_json(after) == to_json(before)
        require(same, f"`{field.name}` of {name} comes back as {after!r} instead of {before!r}.")
