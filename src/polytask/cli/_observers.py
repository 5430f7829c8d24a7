"""`--observer`: what is measured in the training of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners.names import inside, with_inside
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import Observer
from polytask.training import Trainer

__all__ = ["with_observers"]


def with_observers(learners: Sequence[Learner], names: Sequence[str]) -> tuple[Learner, ...]:
    """The learners, of which networks get the observers that they can serve.

    Parameters
    ----------
    learners : sequence of Learner
    names : sequence of str
        As `Trainer` takes them. Those that compare what tasks share go to joint networks alone.

    Raises
    ------
    ParameterError
        If no learner can serve one of them.
    """
    observers: Any = Trainer(observers=tuple(names)).observers
    for observer in observers:
        if not any(_serves(learner, observer) for learner in learners):
            raise ParameterError(_unserved(observer, learners))
    return tuple(_with(learner, observers) for learner in learners)


def _serves(learner: Learner, observer: Observer) -> bool:
    network = isinstance(inside(learner), MultiTaskNetwork)
    return network and (learner.joint or not observer.needs_sharing)


def _unserved(observer: Observer, learners: Sequence[Learner]) -> str:
    names = ", ".join(learner.name for learner in learners)
    is_not = "is no network" if len(learners) == 1 else "are no networks"
    what = (
        f"compares what tasks share in a network, but {names} shares nothing"
        if observer.needs_sharing
        else f"measures the training of networks, but {names} {is_not}"
    )
    return f"--observer {observer.name} {what}. Choose a model such as hard_sharing."


def _with(learner: Any, observers: Sequence[Observer]) -> Learner:
    served = tuple(observer for observer in observers if _serves(learner, observer))
    if not served:
        return learner
    return with_inside(
        learner, lambda one: replace(one, trainer=replace(one.trainer, observers=served))
    )
