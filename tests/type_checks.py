"""Checks of types and shapes in every call, at a cost that tests can bear.

jaxtyping binds the arguments of every call anew and checks them twice, which takes longer than
most functions. Here beartype checks arguments and result in one pass; where annotations have
shapes, it does so in a context of jaxtyping in which an axis keeps its size. In a test that calls
a function hundreds of times, its first calls and every sixteenth of the others are checked.
"""

import dataclasses
import functools
import inspect
import re
import typing
from collections.abc import Callable
from typing import Any

import beartype
import jaxtyping

__all__ = ["install", "start_test"]

_SHAPED = re.compile(r"\b(Float|Int|UInt|Bool|Num|Real|Inexact|Shaped|Key)\d*\[|jaxtyping")
_CONF = beartype.BeartypeConf(is_pep484_tower=True)  # a float parameter takes an int
_jaxtyped = jaxtyping.jaxtyped
_FIRST, _EVERY = 32, 16
_test = [0]
"""Number of the test that runs."""


def start_test() -> None:
    """Check the next calls of every function again."""
    _test[0] += 1


class _Calls:
    """Counts the calls of a function in a test."""

    __slots__ = ("number", "test")

    def __init__(self) -> None:
        self.test = self.number = 0

    def skipped(self) -> bool:
        """Count a call, and say whether it goes unchecked."""
        if self.test != _test[0]:
            self.test, self.number = _test[0], 0
        self.number += 1
        return self.number > _FIRST and self.number % _EVERY != 0


def install(modules: list[str]) -> None:
    """Check calls in these modules, which must not have been imported yet."""
    jaxtyping.install_import_hook(
        modules, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
    )
    jaxtyping.jaxtyped = _checked  # the name by which the hook decorates


def _checked(*, typechecker: Any) -> Callable[[Any], Any]:
    def decorate(thing: Any) -> Any:
        if inspect.isclass(thing):
            init = vars(thing).get("__init__")
            own = inspect.isfunction(init) and not hasattr(init, "__wrapped__")
            if own and dataclasses.is_dataclass(thing):
                thing.__init__ = decorate(init)
            return thing
        if not inspect.isfunction(thing):
            return _jaxtyped(thing, typechecker=typechecker)
        if _has_shapes(thing):
            return _with_shapes(thing, typechecker)
        if "<locals>" in thing.__qualname__:  # decorated anew whenever it is defined
            return thing
        return _without_shapes(thing)

    return decorate


def _has_shapes(function: Callable[..., Any]) -> bool:
    """Whether an annotation, or what it is short for, holds a shape."""
    texts = [str(annotation) for annotation in function.__annotations__.values()]
    names = {name for text in texts for name in re.findall(r"\w+", text)}
    aliases = (str(function.__globals__.get(name, "")) for name in names)
    return any(_SHAPED.search(text) for text in (*texts, *aliases))


def _names_are_known(function: Callable[..., Any]) -> bool:
    """Whether annotations name nothing that is imported for type checkers alone, or `Self`."""
    try:
        hints = typing.get_type_hints(function)
    except NameError:
        return False
    return typing.Self not in hints.values()


def _without_shapes(function: Callable[..., Any]) -> Callable[..., Any]:
    typed: list[Callable[..., Any]] = []
    calls = _Calls()

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if calls.skipped() or jaxtyping.config.jaxtyping_disable:
            return function(*args, **kwargs)
        if not typed:  # at the first call, when all names in annotations are known
            known = _names_are_known(function)
            typed.append(beartype.beartype(conf=_CONF)(function) if known else function)
        return typed[0](*args, **kwargs)

    return checked


def _with_shapes(function: Callable[..., Any], typechecker: Any) -> Callable[..., Any]:
    typed: list[Callable[..., Any]] = []
    calls = _Calls()

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if calls.skipped() or jaxtyping.config.jaxtyping_disable:
            return function(*args, **kwargs)
        if not typed:
            known = _names_are_known(function)
            typed.append(
                beartype.beartype(conf=_CONF)(function)
                if known
                else _jaxtyped(function, typechecker=typechecker)
            )
        with _jaxtyped("context"):
            return typed[0](*args, **kwargs)

    return checked
