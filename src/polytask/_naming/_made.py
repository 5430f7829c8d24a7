"""Objects of the classes that names mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from polytask._naming._resolve import resolve
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["made", "required"]

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)


def made(
    name: str,
    room: str,
    what: str,
    base: type | None = None,
    *,
    imports: bool = False,
    value: bool = False,
    given: Mapping[str, object] | None = None,
) -> Any:
    """Instantiate the class that `resolve` finds, which must need no arguments but those given.

    Parameters
    ----------
    name, room, what, base, imports
        As in `resolve`.
    value : bool, default False
        Whether a number may follow the name after a colon, as in ``temperature:0.5`` or
        ``module:Class:0.5``. It is given as the first argument.
    given : mapping of str to object, optional
        Further arguments.

    Raises
    ------
    ParameterError
        If the class needs arguments, which a name cannot give, or none where a value is given.

    Examples
    --------
    >>> from polytask._naming import made
    >>> made("temperature:0.3", "polytask.sampling", "sampler", value=True)
    Temperature(alpha=0.3)
    """
    head, number = _number_after(name) if value else (name, None)
    try:
        method: Any = resolve(head, room, what, base, imports=imports)
    except UnknownNameError:
        if value:
            _check_value(name, room, what, base)
        raise
    arguments: dict[str, object] = dict(given or {})
    if number is not None:
        arguments[_first_parameter(method, name, what)] = number
    missing = [argument for argument in required(method) if argument not in arguments]
    if missing:
        where = head.partition(":")[0] if ":" in head else room
        call = f"{where}.{method.__name__}({', '.join(f'{argument}=…' for argument in missing)})"
        sentence = (
            f"The {what} {name!r} needs {', '.join(missing)}, which its name alone cannot give. "
            f"In Python, give the object: {call}."
        )
        raise ParameterError(sentence)
    return method(**arguments)


def _number_after(name: str) -> tuple[str, float | None]:
    """Split a name from the number after its last colon; None if that is no number."""
    head, _, text = name.rpartition(":")
    if not head or not _NUMBER.fullmatch(text):
        return name, None
    return head, int(text) if text.lstrip("+-").isdecimal() else float(text)


def _first_parameter(method: Callable[..., Any], name: str, what: str) -> str:
    """Name of the parameter that takes the value after a name."""
    parameters = list(inspect.signature(method).parameters)
    if not parameters:
        head = name.rpartition(":")[0]
        raise ParameterError(f"The {what} {head!r} takes no value. Write {head!r} alone.")
    return parameters[0]


def _check_value(name: str, room: str, what: str, base: type | None) -> None:
    """Raise if a public name is followed by something other than one number."""
    head, colon, text = name.partition(":")
    try:
        method: Any = resolve(head, room, what, base)
    except UnknownNameError:
        return
    if colon:
        parameter = _first_parameter(method, f"{head}:", what)
        expected = f"one number, the `{parameter}` of {method.__name__}"
        sentence = f"The value after {what} {head!r} must be {expected}. Got {text!r} instead."
        raise ParameterError(sentence)


def required(function: Callable[..., Any]) -> list[str]:
    """Names of the required arguments.

    Examples
    --------
    >>> from polytask._naming import required
    >>> required(required)
    ['function']
    """
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
