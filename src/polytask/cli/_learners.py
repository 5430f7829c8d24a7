"""Names of models and balancing methods → learners."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from polytask._naming import fold, resolve, snake_case, suggestion
from polytask.aggregation import Aggregator
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import Learner, resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.weighting import Weighting

__all__ = ["balanced", "balancing", "named_learner"]

_SLOTS: dict[str, type] = {"weighting": Weighting, "aggregation": Aggregator}


def balancing(weighting: str | None, aggregation: str | None) -> dict[str, Any]:
    """The trainer's settings that two names stand for; those not given are left out."""
    given = {"weighting": weighting, "aggregation": aggregation}
    return {slot: _method(slot, name) for slot, name in given.items() if name is not None}


def balanced(learners: Sequence[Learner], methods: Mapping[str, Any]) -> tuple[Learner, ...]:
    """The learners, of which joint networks get the balancing methods.

    Raises
    ------
    ParameterError
        If there are methods and no learner is a joint network.
    """
    if methods and not any(map(_balances, learners)):
        names = ", ".join(learner.name for learner in learners)
        sentence = (
            f"--{' and --'.join(methods)} balances what tasks share in a network, but {names} "
            "shares nothing. Choose a model that does, such as hard_sharing."
        )
        raise ParameterError(sentence)
    return tuple(_with(learner, methods) if _balances(learner) else learner for learner in learners)


def named_learner(name: str) -> Learner:
    """The learner of a name as tables print it, such as ``hard_sharing+mgda``."""
    base, *added = name.split("+")
    learner = resolve_learner(base)
    if not added:
        return learner
    if not _balances(learner):
        sentence = f"{name}: {learner.name} shares nothing between tasks that could be balanced."
        raise ParameterError(sentence)
    slots = {_slot(word): word for word in added}
    return _with(learner, {slot: _method(slot, word) for slot, word in slots.items()})


def _slot(name: str) -> str:
    known = {method: slot for slot in _SLOTS for method in _methods(slot)}
    for method, slot in known.items():
        if fold(method) == fold(name):
            return slot
    guess = suggestion(name, map(snake_case, known))
    raise UnknownNameError(f"There is no weighting or aggregation named {name!r}. {guess}")


def _methods(slot: str) -> list[str]:
    """Public concrete methods of a room."""
    room = import_module(f"polytask.{slot}")
    things = {name: getattr(room, name) for name in room.__all__}
    return [
        n for n, thing in things.items() if inspect.isclass(thing) and not inspect.isabstract(thing)
    ]


def _method(slot: str, name: str) -> Any:
    found: Any = resolve(name, f"polytask.{slot}", slot, _SLOTS[slot])
    required = [
        parameter.name
        for parameter in inspect.signature(found).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    if required:
        sentence = (
            f"The {slot} {name!r} needs {', '.join(required)}, which the command line cannot give. "
            f"Use polytask.{slot}.{found.__name__} from Python."
        )
        raise ParameterError(sentence)
    return found()


def _balances(learner: Learner) -> bool:
    return isinstance(learner, MultiTaskNetwork) and learner.joint


def _with(learner: Any, methods: Mapping[str, Any]) -> Learner:
    return replace(learner, trainer=replace(learner.trainer, **methods))
