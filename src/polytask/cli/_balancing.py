"""Balancing of the tasks of joint networks, by options and by names of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.cli._settings import DataSettings
from polytask.cli._slots import check_slot
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners.names import BALANCING, balances, inside, with_trainer_settings
from polytask.training import Trainer, check_device

__all__ = ["balanced", "balancing", "check_sampler"]

_OF_AGGREGATION = ("engine", "aggregate_every")


def balancing(options: DataSettings) -> dict[str, Any]:
    """Trainer settings that the balancing options give; options not given are left out."""
    names = (*BALANCING, *_OF_AGGREGATION, "sampler")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    check_device(options.device, options.precision, "the command line")
    for option in BALANCING.keys() & given.keys():
        check_slot(option, given[option])
    stand_in = {"aggregation": "mean"}  # a model may name the aggregation that the rest is about
    trainer = Trainer(**stand_in | given)  # finds methods, refuses wrong values before data is read
    return {name: getattr(trainer, name) for name in given}


def balanced(learners: Sequence[Learner], settings: Mapping[str, Any]) -> tuple[Learner, ...]:
    """Return the learners with the settings of `balancing` in the joint networks.

    Raises
    ------
    ParameterError
        If there are settings and no learner is a joint network, none aggregates gradients and
        they say how, or a learner names a method of the same room by itself.
    """
    if settings and not any(map(balances, learners)):
        names = ", ".join(learner.name for learner in learners)
        mixes = set(settings) == {"sampler"}
        verb = "choose" if mixes else "balance"
        what = "the rows of a joint network" if mixes else "what tasks share in a network"
        sentence = (
            f"{_flags(settings, verb)} {what}, but {names} "
            "shares nothing. Choose a model that does, such as hard_sharing."
        )
        raise ParameterError(sentence)
    methods = {name: value for name, value in settings.items() if name not in _OF_AGGREGATION}
    how = {name: value for name, value in settings.items() if name in _OF_AGGREGATION}
    for learner in learners:
        _check_names_none(learner, methods)
    balanced_learners = [
        with_trainer_settings(learner, methods) if balances(learner) else learner
        for learner in learners
    ]
    if how and not any(map(_aggregates, balanced_learners)):
        sentence = (
            f"{_flags(how, 'say')} how gradients are aggregated, but no model aggregates any. "
            "Name an --aggregation, or a model such as hard_sharing+mgda."
        )
        raise ParameterError(sentence)
    return tuple(
        with_trainer_settings(learner, how) if _aggregates(learner) else learner
        for learner in balanced_learners
    )


def check_sampler(options: DataSettings, data: MultiTaskDataset) -> None:
    """Refuse a sampler where there is nothing to mix.

    Raises
    ------
    ParameterError
        If the data has one source.
    """
    if options.sampler is not None and len(data.sources) == 1:
        sentence = (
            "--sampler says how rows of several sources are mixed, and there is one source. "
            "Leave it out, or give several with --source NAME=FILE."
        )
        raise ParameterError(sentence)


def _check_names_none(learner: Any, methods: Mapping[str, Any]) -> None:
    """Refuse an option for a method that the model's name already gives."""
    for slot in methods if balances(learner) else ():
        own = getattr(inside(learner).trainer, slot)
        if own is not None:
            sentence = (
                f"{learner.name} names its {slot} itself, and --{slot} names one too. "
                "Leave out one of them."
            )
            raise ParameterError(sentence)


def _aggregates(learner: Any) -> bool:
    return balances(learner) and inside(learner).trainer.aggregation is not None


def _flags(settings: Mapping[str, Any], verb: str) -> str:
    """The options that were given and what they do."""
    flags = " and ".join(f"--{name.replace('_', '-')}" for name in settings)
    return f"{flags} {verb}{'s' * (len(settings) == 1)}"
