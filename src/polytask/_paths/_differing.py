"""Settings in which recipes differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from polytask._paths._nodes import fields_of
from polytask._paths._settings_of import settings_of

__all__ = ["differing"]

_MISSING = object()


def differing(recipes: Sequence[Any], but: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The settings of each recipe that are not the same in all of them.

    Where recipes hold different classes of parts, the part is the setting, and not what is in it.

    Parameters
    ----------
    recipes : sequence of dataclass instances
    but : sequence of str
        Full paths that are left out.

    Returns
    -------
    list of dict of path to value
        Of each recipe, in their order; of a path, the end that names one setting.

    Examples
    --------
    >>> from polytask._paths import differing
    >>> from polytask.bookkeeping import Budget
    >>> differing([Budget(steps=9), Budget(steps=30)])
    [{'steps': 9}, {'steps': 30}]
    """
    paths = [path for path in _differing(recipes, "") if path not in but]
    endings = [_endings(recipe) for recipe in recipes]
    shown = {path: _shortest(path, endings) for path in paths}
    values = [{setting.path: setting.value for setting in settings_of(r)} for r in recipes]
    return [{shown[path]: own[path] for path in paths if path in own} for own in values]


def _differing(recipes: Sequence[Any], prefix: str) -> Iterator[str]:
    """Paths of the innermost settings in which the recipes differ."""
    fields = [{field.name: field.value for field in fields_of(recipe)} for recipe in recipes]
    for name in dict.fromkeys(name for own in fields for name in own):
        values = [own.get(name, _MISSING) for own in fields]
        if all(_alike(value, values[0]) for value in values):
            continue
        inner = list(_differing(values, f"{prefix}{name}.")) if _of_one_class(values) else []
        yield from inner or [f"{prefix}{name}"]


def _of_one_class(values: Sequence[Any]) -> bool:
    return len({type(value) for value in values}) == 1


def _alike(value: Any, other: Any) -> bool:
    """Whether two values are equal; arrays and the like by what they are written as."""
    if value is other:
        return True
    try:
        return type(value) is type(other) and bool(value == other)
    except ValueError:
        return repr(value) == repr(other)


def _endings(recipe: Any) -> Counter[str]:
    """How many settings of a recipe each end of a path names."""
    parts = [setting.path.split(".") for setting in settings_of(recipe)]
    return Counter(".".join(path[first:]) for path in parts for first in range(len(path)))


def _shortest(path: str, endings: Sequence[Counter[str]]) -> str:
    """The shortest end of a path that names one setting in every recipe."""
    parts = path.split(".")
    ends = (".".join(parts[first:]) for first in reversed(range(len(parts))))
    return next(end for end in ends if end == path or all(own[end] <= 1 for own in endings))
