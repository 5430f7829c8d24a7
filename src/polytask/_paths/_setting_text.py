"""Values of settings as short text, for names of learners and records."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from types import FunctionType
from typing import Any

from polytask._naming import snake_case
from polytask._paths._brackets import BRACKETS
from polytask._validation import describe

__all__ = ["recipe_text", "setting_text"]


def recipe_text(recipe: Any) -> str:
    """A recipe by its name, with the fields that are not the default.

    Parameters
    ----------
    recipe : dataclass instance

    Examples
    --------
    >>> from polytask._paths import recipe_text
    >>> from polytask.bookkeeping import Budget
    >>> recipe_text(Budget(steps=9))
    'budget(steps=9)'
    """
    changed = ", ".join(
        f"{field.name}={recipe_text(content) if _is_recipe(content) else content}"
        for field in fields(recipe)
        if field.init and (content := getattr(recipe, field.name)) != _default(field)
    )
    name = snake_case(type(recipe).__name__)
    return f"{name}({changed})" if changed else name


def setting_text(value: object, limit: int = 40) -> str:
    """A value in one line; of a longer one its beginning, with the brackets closed that it opens.

    Parameters
    ----------
    value : object
    limit : int, default 40
        Letters up to which a text is written in full.

    Examples
    --------
    >>> from polytask._paths import setting_text
    >>> setting_text((10, 20, 30), limit=8)
    '(10, 20…)'
    """
    if path := _import_path(value):
        return path
    if not _is_recipe(value):
        text = describe(value, limit)
    else:
        text = recipe_text(value)
        text = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return f"{text}{_closing(text)}" if text.endswith("…") else text


def _import_path(value: object) -> str:
    """How a function or class is named on the command line, ``module:name``; empty for others."""
    if not isinstance(value, FunctionType | type) or "<" in value.__qualname__:
        return ""
    return f"{value.__module__}:{value.__qualname__}"


def _closing(text: str) -> str:
    """The brackets that close those which a text opens and does not close."""
    missing: list[str] = []
    for letter in text:
        if letter in BRACKETS:
            missing.append(BRACKETS[letter])
        elif missing and letter == missing[-1]:
            missing.pop()
    return "".join(reversed(missing))


def _is_recipe(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
