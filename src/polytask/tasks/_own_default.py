"""Classes of the user's own that declare themselves the default for a kind of the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from functools import cache
from typing import Any

from polytask._naming import required, subclasses
from polytask._trust import is_own
from polytask.exceptions import ParameterError
from polytask.tasks._kind import Kind

__all__ = ["has_own_kind", "own_default"]


def own_default(base: type, kind: Kind, argument: str) -> Any:
    """An instance of the user's class that declares the kind in its own `default_for`, if any.

    Only classes that name a kind of the user's own count, so that defining a class never changes
    what our kinds are trained and measured with. Of several, the one that names the kind's class
    itself goes before one that names a class it extends; of a class that was defined anew, the last
    definition counts.

    Parameters
    ----------
    base : type
        `Loss` or `Metric`; its name in small letters is what errors call it.
    kind : Kind
    argument : str
        How a task is given one, such as ``"loss=…"``.

    Returns
    -------
    object of a class that extends `base`, or None

    Raises
    ------
    ParameterError
        If several classes are equally near, or the class needs arguments.
    """
    for ancestor in _own(type(kind)):
        defaults: dict[tuple[str, str], type] = {}
        for cls in subclasses(base):
            if ancestor in _declared(cls):
                defaults[cls.__module__, cls.__qualname__] = cls
        if defaults:
            return _only(list(defaults.values()), kind, base.__name__.lower(), argument)
    return None


def has_own_kind(kind: Kind) -> bool:
    """Whether the kind's class is the user's own."""
    return bool(_own(type(kind)))


@cache
def _own(kind: type) -> tuple[type, ...]:
    """The class and those it extends, as far as they are the user's own."""
    return tuple(cls for cls in kind.__mro__[:-1] if not is_own(cls.__module__))


def _declared(cls: type) -> tuple[type, ...]:
    """The kinds that a class declares itself the default for, not those that it inherits."""
    declared = () if inspect.isabstract(cls) else vars(cls).get("default_for", ())
    return tuple(declared) if isinstance(declared, Collection) else (declared,)


def _only(defaults: list[Any], kind: Kind, what: str, argument: str) -> Any:
    names = [f"{cls.__module__}.{cls.__qualname__}" for cls in defaults]
    remedy = f"Name one in its tasks: Task(..., {argument})."
    if len(defaults) > 1:
        sentence = (
            f"Several classes declare themselves the default {what} of the kind {kind.name!r}: "
            f"{', '.join(names)}. {remedy}"
        )
        raise ParameterError(sentence)
    missing = required(defaults[0])
    if missing:
        sentence = (
            f"{names[0]} declares itself the default {what} of the kind {kind.name!r}, but cannot "
            f"be made without {', '.join(missing)}. Give its arguments defaults, or name one "
            f"in its tasks: Task(..., {argument})."
        )
        raise ParameterError(sentence)
    return defaults[0]()
