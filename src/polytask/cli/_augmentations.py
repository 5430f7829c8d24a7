"""`--augmentation`: how training rows of networks are changed at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners.names import inside, with_inside
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

__all__ = ["with_augmentation"]


def with_augmentation(learners: Sequence[Learner], names: Sequence[str]) -> tuple[Learner, ...]:
    """The learners, of which networks are trained with augmentations.

    Parameters
    ----------
    learners : sequence of Learner
    names : sequence of str
        As `Trainer` takes them.

    Raises
    ------
    ParameterError
        If no learner is a network.
    """
    if not names:
        return tuple(learners)
    augmentation: Any = Trainer(augmentation=tuple(names)).augmentation
    if not any(map(_trains_networks, learners)):
        given = ", ".join(learner.name for learner in learners)
        are = "is no network" if len(learners) == 1 else "are no networks"
        sentence = (
            f"--augmentation changes the rows that networks are trained with, but {given} {are}. Choose "
            "a model such as hard_sharing+cnn."
        )
        raise ParameterError(sentence)
    return tuple(
        _augmented(learner, augmentation) if _trains_networks(learner) else learner
        for learner in learners
    )


def _trains_networks(learner: Learner) -> bool:
    return isinstance(inside(learner), MultiTaskNetwork)


def _augmented(learner: Learner, augmentation: Any) -> Learner:
    return with_inside(
        learner, lambda one: replace(one, trainer=replace(one.trainer, augmentation=augmentation))
    )
