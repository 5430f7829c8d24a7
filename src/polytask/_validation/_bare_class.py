"""The remedy for a class where one of its objects is expected."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TypeGuard

from polytask._naming import required, snake_case
from polytask._validation._constraint import Constraint
from polytask._validation._constraints import Each, InstanceOf, MappingOf, OneOf

__all__ = ["bare_class_remedy"]


def bare_class_remedy(value: object, constraint: Constraint, *, named: bool) -> str | None:
    """Sentence on a class whose objects a constraint accepts; None if there is none in `value`.

    Parameters
    ----------
    value : object
        What the constraint did not accept.
    constraint : Constraint
    named : bool
        Whether the class's name would do, too.

    Examples
    --------
    >>> from polytask._validation import InstanceOf
    >>> from polytask._validation._bare_class import bare_class_remedy
    >>> from polytask.tasks import Kind, Regression
    >>> bare_class_remedy(Regression, InstanceOf((Kind,)), named=True)
    'Make an object of the class: Regression(). Its name will do, too: "regression".'
    """
    cls = _bare_class(value, constraint)
    if cls is None:
        return None
    try:
        arguments = ", ".join(f"{name}=…" for name in required(cls))
    except ValueError:  # a class written in C has no signature
        return None
    sentence = f"Make an object of the class: {cls.__name__}({arguments})."
    if named and not arguments and cls.__module__.startswith("polytask."):
        sentence += f' Its name will do, too: "{snake_case(cls.__name__)}".'
    return sentence


def _bare_class(value: object, constraint: Constraint) -> type | None:
    """The class in a value, or in the elements of one, of which the constraint accepts objects."""
    match constraint:
        case InstanceOf(types=types):
            return value if _has_objects(value) and issubclass(value, types) else None
        case OneOf(members=members):
            found = (_bare_class(value, member) for member in members)
        case Each(element=element) if isinstance(value, tuple | list):
            found = (_bare_class(item, element) for item in value)
        case Each(element=element):
            return _bare_class(value, element)
        case MappingOf(value=element) if isinstance(value, Mapping):
            found = (_bare_class(item, element) for item in value.values())
        case _:
            return None
    return next((cls for cls in found if cls is not None), None)


def _has_objects(value: object) -> TypeGuard[type]:
    """Whether a value is a class that can be called; texts and numbers are written, not made."""
    return (
        isinstance(value, type) and not inspect.isabstract(value) and value.__module__ != "builtins"
    )
