"""Single evaluations of an aggregator under equal conditions."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from polytask.aggregation import Aggregator, Property
from polytask.gradients import Served

__all__ = ["name_of", "rehearsed", "served_all", "started", "updated"]


def name_of(aggregator: Aggregator) -> str:
    """Name of an aggregator in errors."""
    return type(aggregator).__name__


def started(
    aggregator: Aggregator, count: int, generator: torch.Generator | None = None
) -> Aggregator:
    """A fresh copy that draws from a generator of its own."""
    method = copy.deepcopy(aggregator)
    own = torch.Generator().manual_seed(0) if generator is None else generator
    method.start(count, generator=own)
    return method


def served_all(jacobian: Tensor) -> Served:
    """All tasks are present, each with a positive loss of its own."""
    everyone = torch.ones(len(jacobian), dtype=torch.bool)
    return Served(everyone, torch.linspace(0.5, 2.0, len(jacobian), dtype=jacobian.dtype))


def updated(aggregator: Aggregator, jacobian: Tensor, losses: Tensor | None = None) -> Tensor:
    """Update from the gradients of all tasks; the state of the aggregator advances."""
    served = served_all(jacobian)
    given = served if losses is None else Served(served.present, losses.to(jacobian))
    return aggregator.aggregate(jacobian, given)


def rehearsed(aggregator: Aggregator, jacobian: Tensor, losses: Tensor | None = None) -> Tensor:
    """The update of a fresh copy; one with state has seen the mirrored gradients before."""
    method = started(aggregator, len(jacobian))
    if Property.STATELESS not in aggregator.properties:
        updated(method, jacobian.flip(1), losses)
    return updated(method, jacobian, losses)
