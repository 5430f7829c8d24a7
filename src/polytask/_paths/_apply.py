"""Replacement of settings of a nested recipe by path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from polytask._paths._find import find
from polytask._paths._nodes import fields_of, with_fields
from polytask._paths._setting import Setting
from polytask._paths._settings_of import settings_of
from polytask._paths._written import Written, read_written, without_settings
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["applied", "configured"]

SettingsOf = Callable[[Any], Sequence[Setting]]


def configured(
    recipe: Any, values: Mapping[str, object], settings: SettingsOf = settings_of
) -> Any:
    """Return the recipe with some settings replaced.

    Parameters
    ----------
    recipe : dataclass instance
    values : mapping of path to value
        A path may leave out its beginning where what remains names one setting. Recipes come
        before what is inside them, whatever the order: ``{"encoder.depth": 3, "encoder":
        ResidualMLP()}``. A value that is `Written` is text, and read as its owner wants it.
    settings : callable, optional
        Gives the settings that may be replaced; by default all.

    Raises
    ------
    UnknownNameError
        If a path names no setting; those that are near are named.
    ParameterError
        If a path names several settings, two paths name one, or its owner does not accept a
        value.

    Examples
    --------
    >>> from polytask._paths import Written, configured
    >>> from polytask.bookkeeping import Budget
    >>> configured(Budget(), {"steps": Written("30")})
    Budget(trials=1, steps=30)
    """
    recipe, left = applied(recipe, values, settings)
    for error in left.values():
        raise error
    return recipe


def applied(
    recipe: Any,
    values: Mapping[str, object],
    settings: SettingsOf = settings_of,
    owner: str | None = None,
) -> tuple[Any, dict[str, UnknownNameError]]:
    """Replace settings like `configured`, and return paths that name no setting with their errors.

    Errors speak of the `owner`; by default the recipe's class.
    """
    owner = owner or type(recipe).__name__
    names: dict[str, str] = {}
    open_paths = dict(values)
    while open_paths:
        located, left = _located(settings(recipe), open_paths, owner)
        if not located:
            return recipe, left
        outermost = min((_parent(setting.path) for setting in located.values()), key=_depth)
        here = {
            path: setting for path, setting in located.items() if _parent(setting.path) == outermost
        }
        for path, setting in here.items():
            if setting.path in names:
                twice = f"{names[setting.path]!r} and {path!r}"
                raise ParameterError(f"{twice} are one setting. Give it once.")
            names[setting.path] = path
        values_here = {path: open_paths.pop(path) for path in here}
        for path, setting in here.items():
            values_here[path], inner = _opened(values_here[path], path, setting)
            if known := inner.keys() & open_paths.keys():
                raise ParameterError(f"{min(known)!r} is given twice. Give it once.")
            open_paths |= inner
        changes = {
            setting.path: _value(values_here[path], setting, open_paths)
            for path, setting in here.items()
        }
        recipe = _with(recipe, outermost.split(".") if outermost else [], changes)
    return recipe, {}


def _located(
    known: Sequence[Setting], paths: Mapping[str, object], owner: str
) -> tuple[dict[str, Setting], dict[str, UnknownNameError]]:
    """Settings that the paths name in the current recipe, and errors of paths that name none."""
    located, left = {}, {}
    for path in paths:
        try:
            located[path] = find(known, path, owner)
        except UnknownNameError as error:
            left[path] = error
    return located, left


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _opened(value: object, path: str, setting: Setting) -> tuple[object, dict[str, Written]]:
    """A value without the settings in its brackets, and these by their paths."""
    if not isinstance(value, Written):
        return value, {}
    text, inner = without_settings(value.text, setting)
    return Written(text), {f"{path}.{name}": Written(own) for name, own in inner.items()}


def _value(value: object, setting: Setting, others: Mapping[str, object]) -> object:
    """The value as its owner takes it; a class that needs arguments takes them of other paths."""
    if not isinstance(value, Written):
        return value
    inner = {}
    for path, other in others.items():
        parent, _, name = path.rpartition(".")
        if isinstance(other, Written) and f".{setting.path}".endswith(
            f".{parent}" if parent else ""
        ):
            inner[name] = other.text
    return read_written(value.text, setting, inner)


def _with(recipe: Any, way: Sequence[str], changes: Mapping[str, Any]) -> Any:
    """Return the recipe with changes inside the part at the given path."""
    if not way:
        return with_fields(recipe, {path.rpartition(".")[2]: v for path, v in changes.items()})
    inner = next(field.value for field in fields_of(recipe) if field.name == way[0])
    return with_fields(recipe, {way[0]: _with(inner, way[1:], changes)})
