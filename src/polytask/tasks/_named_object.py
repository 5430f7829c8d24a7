"""Losses and metrics of tasks from names, classes and objects."""

from __future__ import annotations

from typing import Any

from polytask._naming import made, required
from polytask._paths import Written, assignments, configured, name_and_settings
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["named_object"]


def named_object(given: object, room: str, base: type, owner: str, parameter: str) -> Any:
    """The object that a public name, a ``module:Class``, a class or the object itself stands for.

    Settings may follow a name in brackets, as in ``focal_loss(gamma=1.5)``; they are read as text.

    Whether it extends `base` is only checked of names.

    Parameters
    ----------
    given : object
    room : str
        Import path of the room with the public names.
    base : type
        Such as `Loss`; its name in small letters is what errors call it.
    owner, parameter : str
        Whose argument it is, for errors.

    Raises
    ------
    UnknownNameError
        If a name means no public class, or a ``module:Class`` cannot be imported.
    ParameterError
        If the class needs arguments, or settings in brackets are not its own.
    """
    if isinstance(given, str):
        name, inner = name_and_settings(given)
        recipe = made(name, room, base.__name__.lower(), base, imports=True)
        return _with_settings(recipe, inner, given, owner, parameter) if inner else recipe
    if not isinstance(given, type):
        return given
    missing = required(given)
    if missing:
        call = f"{given.__name__}({', '.join(f'{argument}=…' for argument in missing)})"
        expected = f"a {base.__name__.lower()}, which that class is not without arguments"
        remedy = f"Make an object of it: {call}."
        raise ParameterError(message(owner, parameter, expected, given, remedy))
    return given()


def _with_settings(recipe: Any, inner: str, given: str, owner: str, parameter: str) -> Any:
    """The object with the settings that stand in brackets after its name."""
    unnamed, pairs = assignments(inner)
    if unnamed or len(dict(pairs)) < len(pairs):
        name = name_and_settings(given)[0]
        expected = f"{name} with settings of its own, each once, as in {name}(SETTING=VALUE)"
        raise ParameterError(message(owner, parameter, expected, given))
    return configured(recipe, {path: Written(text) for path, text in pairs})
