"""Checks of arguments against their constraints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, runtime_checkable

from polytask._validation._bare_class import bare_class_remedy
from polytask._validation._constraint import Constraint
from polytask._validation._sentence import message
from polytask.exceptions import ParameterError

__all__ = ["check", "check_parameters"]


@runtime_checkable
class Constrained(Protocol):
    """A class whose constructor arguments have declared constraints."""

    parameter_constraints: ClassVar[Mapping[str, Constraint]]


def check(
    owner: str,
    parameter: str,
    value: object,
    constraint: Constraint,
    remedy: str | None = None,
    *,
    named: bool = False,
) -> None:
    """Raise the one error sentence unless `constraint` accepts `value`.

    A class where one of its objects is expected has a remedy of its own, which offers the class's
    name, too, if the parameter is `named`.
    """
    if not constraint.accepts(value):
        remedy = remedy or constraint.remedy(value)
        remedy = remedy or bare_class_remedy(value, constraint, named=named)
        raise ParameterError(message(owner, parameter, str(constraint), value, remedy))


def check_parameters(instance: Constrained) -> None:
    """Check every declared parameter of a recipe against its constraint.

    Parameters
    ----------
    instance : dataclass instance
        Its class declares `parameter_constraints`: a mapping of field to `Constraint`.

    Raises
    ------
    ParameterError
        If a value lies outside its constraint, or a constraint is declared for what is no field.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask.constraints import Interval, check_parameters
    >>> @dataclass(frozen=True)
    ... class Neighbours:
    ...     k: int = 5
    ...     parameter_constraints = {"k": Interval(int, 1)}
    ...
    ...     def __post_init__(self):
    ...         check_parameters(self)
    >>> Neighbours(k=0)
    Traceback (most recent call last):
    polytask.exceptions.ParameterError: The `k` parameter of Neighbours must be an int in [1, inf). Got 0 instead.
    """
    owner, by_name = type(instance).__name__, getattr(type(instance), "by_name", ())
    for parameter, constraint in type(instance).parameter_constraints.items():
        if not hasattr(instance, parameter):
            sentence = (
                f"{owner} declares a constraint of {parameter!r}, which is none of its fields."
            )
            raise ParameterError(sentence)
        value = getattr(instance, parameter)
        check(owner, parameter, value, constraint, named=parameter in by_name)
