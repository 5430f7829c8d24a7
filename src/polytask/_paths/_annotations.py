"""Constraints of a dataclass's fields from their annotations."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import math
import sys
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from polytask._validation import (
    Choice,
    Constraint,
    Each,
    InstanceOf,
    Interval,
    MappingOf,
    OneOf,
    Satisfies,
)

__all__ = ["annotated_constraint", "annotations_of"]

_ANYTHING = InstanceOf((object,))
_PLAIN: dict[Any, Constraint] = {
    bool: Choice((True, False)),
    int: Interval(int),
    Integral: Interval(int),
    float: Interval(float),
    Real: Interval(float),
    str: InstanceOf((str,)),
    None: Choice((None,)),
    types.NoneType: Choice((None,)),
    tuple: Each(_ANYTHING),
    list: Each(_ANYTHING),
    collections.abc.Sequence: Each(_ANYTHING),
    dict: MappingOf(_ANYTHING, _ANYTHING),
    collections.abc.Mapping: MappingOf(_ANYTHING, _ANYTHING),
    collections.abc.Callable: Satisfies(callable, "a function or class (module:Name)"),
}


@cache
def annotations_of(cls: type) -> dict[str, Any]:
    """The types that a dataclass gives its fields; those that cannot be resolved are left out."""
    found = {}
    for field in dataclasses.fields(cls):
        home = _home(cls, field.name)
        scope = vars(sys.modules[home.__module__]) if home.__module__ in sys.modules else {}
        alone = types.SimpleNamespace(__annotations__={field.name: field.type})
        with suppress(Exception):  # a name that is known to type checkers only
            found.update(get_type_hints(alone, scope, dict(vars(home))))
    return found


def _home(cls: type, name: str) -> type:
    """The class that declares a field, whose module knows the names in its annotation."""
    declaring = (base for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))
    return next(declaring, cls)


def annotated_constraint(annotation: Any) -> Constraint | None:
    """Return the constraint of a type; None if nothing can be checked.

    Examples
    --------
    >>> from polytask._paths._annotations import annotated_constraint
    >>> print(annotated_constraint(tuple[int, ...] | None))
    a tuple of values, each an int or None
    """
    with suppress(TypeError):  # of a type that cannot be hashed
        if annotation in _PLAIN:
            return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return annotated_constraint(arguments[0])
    if origin is Literal:
        return Choice(arguments)
    if origin in {Union, types.UnionType}:
        return _union(arguments)
    if origin in {tuple, list, Sequence}:
        return _sequence(arguments, of_one_length=origin is tuple)
    if origin in {dict, Mapping} and arguments:
        return MappingOf(*(annotated_constraint(one) or _ANYTHING for one in arguments))
    if origin is not None and origin in _PLAIN:
        return _PLAIN[origin]
    return _instance(annotation)


def _union(members: Sequence[Any]) -> Constraint | None:
    """Any of several; text comes last, since everything that is written is text."""
    constraints = [annotated_constraint(one) for one in sorted(members, key=lambda one: one is str)]
    known = tuple(dict.fromkeys(one for one in constraints if one is not None))
    if None in constraints:
        return None
    return known[0] if len(known) == 1 else OneOf(known)


def _sequence(elements: Sequence[Any], *, of_one_length: bool) -> Constraint:
    """Some values: of one type, or of as many types as there are values."""
    if not elements:
        return Each(_ANYTHING)
    of_any_length = not of_one_length or elements[-1] is Ellipsis
    each = _union([one for one in elements if one is not Ellipsis])
    size = (0, math.inf) if of_any_length else (len(elements), len(elements))
    return Each(each or _ANYTHING, *size)


def _instance(annotation: Any) -> Constraint | None:
    """An object of a class, where objects can be told by it."""
    if annotation is Any or not inspect.isclass(annotation) or annotation.__module__ == "builtins":
        return None
    if getattr(annotation, "_is_protocol", False):
        return None
    if issubclass(annotation, Enum):
        return Choice(tuple(annotation))
    return InstanceOf((annotation,))
