"""Lookup of learners by names without settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import polytask.architectures
import polytask.encoders
import polytask.merging
from polytask._learner import Learner
from polytask._naming import fold, resolve, snake_case, suggestion
from polytask.architectures import Architecture
from polytask.encoders import Encoder
from polytask.exceptions import UnknownNameError
from polytask.merging import Merging
from polytask.neural_network import MergedNetwork, MultiTaskNetwork

__all__ = ["resolve_base"]


def resolve_base(name: str, others: Sequence[type[Learner]] = ()) -> Learner:
    """Return the learner that `name` means, in any spelling: a recipe of this room, or a network.

    Parameters
    ----------
    name : str
        The part of a learner's name before settings and methods, or ``"module:Class"``.
    others : sequence of classes
        Learners of rooms above this one, which need no argument.

    Raises
    ------
    UnknownNameError
        If nothing has the name; the nearest one is suggested.
    """
    if ":" in name:
        return _users_model(name)
    known = {
        **_recipes(),
        **_without_arguments(polytask.architectures, Architecture),
        **_without_arguments(polytask.merging, Merging),
        **{other.__name__: other for other in others},
    }
    for candidate, factory in known.items():
        if fold(candidate) == fold(name):
            return _instantiate(factory)
    if encoder := _encoder(name):
        sentence = (
            f"There is no model named {name!r}: it is an encoder. Name a network that has one, such as "
            f"hard_sharing+{encoder}."
        )
        raise UnknownNameError(sentence)
    nearest = suggestion(name, map(snake_case, known))
    searching = (
        ""
        if others
        else " Learners that search what to train are given as objects in Python, such as "
        "polytask.search.Grouped()."
    )
    sentence = (
        f"There is no model named {name!r}. {nearest} One of your own is written module:Class."
        f"{searching}"
    )
    raise UnknownNameError(sentence)


def _encoder(name: str) -> str:
    """The encoder that `name` means; empty if it means none."""
    known = _without_arguments(polytask.encoders, Encoder)
    return next((snake_case(encoder) for encoder in known if fold(encoder) == fold(name)), "")


def _is_model(thing: type) -> bool:
    return issubclass(thing, Architecture | Learner | Merging) and not inspect.isabstract(thing)


def _users_model(name: str) -> Any:
    """A learner or architecture of the user's, ``module:Class``."""
    factory: Any = resolve(name, "polytask.learners", "model", imports=True)
    if inspect.isclass(factory) and _is_model(factory) and _has_no_required_argument(factory):
        return _instantiate(factory)
    sentence = (
        f"The model {name!r} must be a learner or an architecture that needs no argument, or a method "
        "of merging."
    )
    raise UnknownNameError(sentence)


def _instantiate(factory: Callable[[], Any]) -> Any:
    model = factory()
    if isinstance(model, Merging):
        return MergedNetwork(merging=model)
    return MultiTaskNetwork(model) if isinstance(model, Architecture) else model


def _recipes() -> dict[str, type]:
    """Public learners of this room that need no argument."""
    import polytask.learners

    return {
        name: thing
        for name in polytask.learners.__all__
        if inspect.isclass(thing := getattr(polytask.learners, name))
        and _is_model(thing)
        and _has_no_required_argument(thing)
    }


def _without_arguments(room: ModuleType, base: type) -> dict[str, type]:
    """Public concrete classes of a room that need no argument."""
    return {
        name: thing
        for name in room.__all__
        if inspect.isclass(thing := getattr(room, name))
        and issubclass(thing, base)
        and not inspect.isabstract(thing)
        and _has_no_required_argument(thing)
    }


def _has_no_required_argument(thing: type) -> bool:
    parameters = inspect.signature(thing).parameters.values()
    return not inspect.isabstract(thing) and all(
        p.default is not p.empty or p.kind in {p.VAR_POSITIONAL, p.VAR_KEYWORD} for p in parameters
    )
