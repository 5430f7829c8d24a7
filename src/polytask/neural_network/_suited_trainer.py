"""Trainers that suit the encoder of an architecture."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from polytask._naming import suggestion
from polytask.architectures import Architecture
from polytask.exceptions import ParameterError
from polytask.training import Trainer

__all__ = ["following_trainer", "suited_trainer", "training_note"]


def suited_trainer(architecture: Architecture) -> Trainer:
    """A trainer with the settings that an architecture's encoder declares, at its defaults otherwise.

    Raises
    ------
    ParameterError
        If the encoder declares what is no setting of a trainer.
    """
    known = [field.name for field in dataclasses.fields(Trainer)]
    for name in architecture.training:
        if name not in known:
            sentence = (
                f"The `training` of the encoder of {architecture.name} must hold settings of Trainer. "
                f"Got {name!r}. {suggestion(name, known)}"
            )
            raise ParameterError(sentence)
    return Trainer(**architecture.training)


def following_trainer(
    trainer: Trainer, old: Architecture, new: Architecture, given: Collection[str] = ()
) -> Trainer:
    """The trainer of a network that gets another architecture.

    Settings that are as they suited the old one become those that suit the new one.

    Parameters
    ----------
    trainer : Trainer
    old, new : Architecture
    given : collection of str
        Settings of the trainer that stay as they are.
    """
    usual, suited = suited_trainer(old), suited_trainer(new)
    changes = {
        name: getattr(suited, name)
        for name in {**old.training, **new.training}
        if name not in given and getattr(trainer, name) == getattr(usual, name)
    }
    return dataclasses.replace(trainer, **changes)


def training_note(architecture: Architecture, trainer: Trainer) -> str | None:
    """A sentence on the settings that a trainer has as the encoder declares them, if any.

    None for a trainer that has one of these settings at its default: it was made without the
    encoder.
    """
    suited, usual = suited_trainer(architecture), Trainer()
    declared = [name for name in architecture.training if _differ(name, suited, usual)]
    taken = {
        name: architecture.training[name] for name in declared if not _differ(name, trainer, suited)
    }
    if not taken or not all(_differ(name, trainer, usual) for name in declared):
        return None
    encoder = architecture.encoder_name or architecture.name
    return (
        f"Networks with {encoder} are trained with {_listed(taken)}, as suits it. Choose others by "
        "--set trainer.X=…, in Python by a `trainer`."
    )


def _differ(name: str, one: Trainer, other: Trainer) -> bool:
    different: bool = getattr(one, name) != getattr(other, name)
    return different


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in settings.items())


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
