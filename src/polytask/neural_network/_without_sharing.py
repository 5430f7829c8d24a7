"""Balancing, and observers that compare tasks, where tasks share nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from polytask._listing import enumerated
from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset
from polytask.neural_network._planned_network import plan_network
from polytask.observers import Observer
from polytask.training import Trainer

__all__ = ["is_about_sharing", "unobserved_note", "unserved_observers", "without_sharing"]

_WITHOUT_BALANCING: dict[str, Any] = {
    "weighting": None,
    "aggregation": None,
    "sampler": None,
    "engine": "auto",
    "aggregate_every": 1,
    "task_patience": None,
}
"""Settings of the trainer without effect if tasks share nothing, at their defaults."""

_OF_JOINT = {*_WITHOUT_BALANCING, "observers"}
"""Settings that are listed only if tasks share something; most observers compare tasks."""


def without_sharing(trainer: Trainer) -> Trainer:
    """The same trainer without balancing and without observers that compare tasks."""
    kept = tuple(o for o in trainer.observers if not o.needs_sharing)  # type: ignore[union-attr] # names were resolved
    return replace(trainer, **_WITHOUT_BALANCING, observers=kept)


def is_about_sharing(path: str) -> bool:
    """Whether a setting belongs to balancing or to observers."""
    root, _, name = path.partition(".")
    return root == "trainer" and name.partition(".")[0] in _OF_JOINT


def unserved_observers(
    architecture: Architecture, trainer: Trainer, data: MultiTaskDataset
) -> list[Observer]:
    """Observers that compare tasks at shared parameters, where there are none."""
    observers: Any = trainer.observers
    comparing = [observer for observer in observers if observer.needs_sharing]
    shares = not comparing or plan_network(architecture, data).shares
    return comparing if shares is False else []


def unobserved_note(
    name: str, architecture: Architecture, trainer: Trainer, data: MultiTaskDataset
) -> str | None:
    """A sentence on the observers that are left out of the training of a network of that name."""
    unserved = [observer.name for observer in unserved_observers(architecture, trainer, data)]
    if not unserved:
        return None
    are = "is" if len(unserved) == 1 else "are"
    return (
        f"Tasks of {name} share no parameters at which their gradients could be compared, so "
        f"that {enumerated(unserved)} {are} left out."
    )
