"""All settings of a nested recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from polytask._paths._nodes import fields_of
from polytask._paths._setting import Setting

__all__ = ["settings_of"]


def settings_of(recipe: Any) -> tuple[Setting, ...]:
    """List the settings of a recipe and of the recipes in it, outer before inner ones.

    Examples
    --------
    >>> from polytask._paths import settings_of
    >>> from polytask.bookkeeping import Budget
    >>> [(setting.path, setting.value) for setting in settings_of(Budget(steps=9))]
    [('trials', 1), ('steps', 9)]
    """
    settings = list(_walk(recipe, ""))
    endings = Counter(ending for setting in settings for ending in _endings(setting.path))
    return tuple(replace(setting, short=_short(setting.path, endings)) for setting in settings)


def _walk(recipe: Any, prefix: str) -> Iterator[Setting]:
    for field in fields_of(recipe):
        path = f"{prefix}{field.name}"
        yield Setting(path, path, field.owner, field.value, field.constraint, field.range)
        yield from _walk(field.value, f"{path}.")


def _endings(path: str) -> list[str]:
    """``a.b.c``, ``b.c``, ``c``."""
    parts = path.split(".")
    return [".".join(parts[first:]) for first in range(len(parts))]


def _short(path: str, endings: Counter[str]) -> str:
    """Shortest unique ending that includes the owner."""
    *longer, _ = _endings(path)
    return next((ending for ending in reversed(longer) if endings[ending] == 1), path)
