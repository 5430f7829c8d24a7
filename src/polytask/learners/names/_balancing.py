"""Methods of balancing in names of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask._learner import Learner
from polytask._naming import snake_case
from polytask.exceptions import ParameterError
from polytask.learners.names._inside import inside, with_inside
from polytask.learners.names._slots import BALANCING, slot_of
from polytask.neural_network import MultiTaskNetwork

__all__ = ["balances", "with_methods", "with_trainer_settings"]


def with_methods(learner: Any, words: Sequence[str], text: str) -> Learner:
    """The learner with the methods of balancing that its name holds.

    Parameters
    ----------
    learner : Learner
    words : sequence of str
        Names of weightings and aggregators.
    text : str
        The model's whole name, for errors.

    Raises
    ------
    ParameterError
        If two are of one kind, the learner has one itself, or it shares nothing.
    UnknownNameError
        If there is no such method.
    """
    if not words:
        return learner
    if not balances(learner):
        why = (
            "has no training step in which tasks could be balanced, as networks have"
            if learner.joint and not isinstance(inside(learner), MultiTaskNetwork)
            else "shares nothing between tasks that could be balanced"
        )
        raise ParameterError(f"{text}: {learner.name} {why}.")
    methods: dict[str, str] = {}
    for word in words:
        slot = slot_of(word)
        if slot in methods:
            sentence = f"{text} names two methods of {slot}, {methods[slot]} and {word}. Name one."
            raise ParameterError(sentence)
        methods[slot] = word
    for slot, word in methods.items():
        if getattr(inside(learner).trainer, slot) is not None:
            sentence = (
                f"{learner.name} names its {slot} itself, and {word} in {text} is one too. "
                "Name one."
            )
            raise ParameterError(sentence)
    return with_trainer_settings(learner, methods)


def balances(learner: Learner) -> bool:
    """Whether a learner is a network whose tasks share parameters, or an ensemble of such."""
    network = inside(learner)
    return isinstance(network, MultiTaskNetwork) and network.joint


def with_trainer_settings(learner: Any, settings: Mapping[str, Any]) -> Learner:
    """The network with settings of its trainer; a name that it was given gets its methods, too.

    Of an ensemble, the members have them.
    """
    return with_inside(learner, lambda network: _with_settings(network, settings))


def _with_settings(network: Any, settings: Mapping[str, Any]) -> Learner:
    trainer = replace(network.trainer, **settings)
    if network.label is None:
        return replace(network, trainer=trainer)
    methods = [getattr(trainer, slot) for slot in BALANCING if slot in settings]
    words = [snake_case(type(method).__name__) for method in methods if method is not None]
    return replace(network, trainer=trainer, label="+".join([network.label, *words]))
