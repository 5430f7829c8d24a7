"""Lookup of learners by names without settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
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
from polytask.learners._joint_estimator import JointEstimator
from polytask.learners._joint_methods import joint_methods
from polytask.merging import Merging
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.tasks import TaskSet

__all__ = ["resolve_base"]


def resolve_base(
    name: str, others: Sequence[type[Learner]] = (), tasks: TaskSet | None = None
) -> Learner:
    """Return the learner that `name` means, in any spelling.

    It is a recipe of this room, a network, or the joint estimators of a method.

    Parameters
    ----------
    name : str
        The part of a learner's name before settings and methods, or ``"module:Class"``.
    others : sequence of classes
        Learners of rooms above this one, which need no argument.
    tasks : TaskSet, optional
        Of a method's regressor and classifier, only what learns these is held.

    Raises
    ------
    UnknownNameError
        If nothing has the name; the nearest one is suggested.
    """
    if ":" in name:
        return _users_model(name)
    known: dict[str, Callable[[], Any]] = {
        **_recipes(),
        **_without_arguments(polytask.architectures, Architecture),
        **_without_arguments(polytask.merging, Merging),
        **{other.__name__: other for other in others},
        **{method: partial(_joint, own, tasks) for method, own in joint_methods().items()},
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
    nearest = suggestion(name, dict.fromkeys(map(snake_case, known)))
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


def _joint(estimators: tuple[type[Any], ...], tasks: TaskSet | None) -> JointEstimator:
    """The learner of a method's estimators; of one kind of tasks, of the one that learns it."""
    made = tuple(estimator() for estimator in estimators)
    kinds = [task.known_kind for task in tasks or ()]
    needed = tuple(each for each in made if any(kind.accepts_estimator(each) for kind in kinds))
    needed = needed or made
    return JointEstimator(needed[0] if len(needed) == 1 else needed)


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
    """Public learners of this room that need no argument, by their classes and their own names."""
    import polytask.learners

    known: dict[str, Any] = {
        name: thing
        for name in polytask.learners.__all__
        if inspect.isclass(thing := getattr(polytask.learners, name))
        and _is_model(thing)
        and _has_no_required_argument(thing)
    }
    own = {thing.name: thing for thing in known.values() if isinstance(thing.name, str)}
    return {**known, **own}


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
