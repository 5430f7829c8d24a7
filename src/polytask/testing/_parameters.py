"""Check that declared parameters refuse bad values with the error sentence."""

from __future__ import annotations

import inspect
from typing import Any

from polytask._validation import Constraint, describe, message
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.testing._class_of import class_of
from polytask.testing._require import require

__all__ = ["check_parameters_reject_bad_values"]


def check_parameters_reject_bad_values(recipe: Any, /, **required: Any) -> None:
    """Feed every declared parameter values outside its constraint and match the error sentence.

    Parameters
    ----------
    recipe : dataclass, or instance of one
        Its class has `parameter_constraints`.
    **required
        Good values of the arguments that have no default.

    Raises
    ------
    AssertionError
        If a constructor argument is not declared, a good value is refused, or a bad value is
        accepted or refused in other words.

    Examples
    --------
    >>> from polytask.testing import check_parameters_reject_bad_values
    >>> from polytask.bookkeeping import Budget
    >>> check_parameters_reject_bad_values(Budget)
    """
    cls, required = class_of(recipe, required)
    name = cls.__name__
    constraints = getattr(cls, "parameter_constraints", None)
    require(constraints is not None, f"{name} declares no `parameter_constraints`.")
    arguments = set(inspect.signature(cls).parameters)
    for argument in sorted(arguments ^ set(constraints or {})):
        lacks = "constraint" if argument in arguments else "constructor argument"
        raise AssertionError(f"{name} has no {lacks} for its parameter `{argument}`.")
    try:
        cls(**required)
    except ParameterError as error:
        raise AssertionError(f"{name} refuses its own defaults: {error}") from error
    for parameter, constraint in (constraints or {}).items():
        for bad in constraint.bad_values():
            _check_refused(cls, required, parameter, constraint, bad)


def _check_refused(
    cls: type, required: dict[str, Any], parameter: str, constraint: Constraint, bad: object
) -> None:
    given = f"{cls.__name__}({parameter}={describe(bad)})"
    try:
        stored = getattr(cls(**{**required, parameter: bad}), parameter)
    except UnknownNameError:
        return  # a name that may be resolved has a sentence of its own, with the nearest one
    except ParameterError as error:
        wanted = message(cls.__name__, parameter, str(constraint), bad)
        sentence = f"{given} must be refused with\n  {wanted}\nbut says\n  {error}"
        require(str(error).startswith(wanted), sentence)
    except Exception as error:
        sentence = f"{given} must raise ParameterError, but raises {type(error).__name__}: {error}"
        raise AssertionError(sentence) from error
    else:  # a constructor may make a good value of it, such as a tuple of a name
        require(constraint.accepts(stored), f"{given} is accepted, but must be {constraint}.")
