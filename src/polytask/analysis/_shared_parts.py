"""Which tasks share which parameters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from torch import nn

from polytask.architectures import MultiTaskModule

__all__ = ["SharedPart", "shared_parts"]


@dataclass(frozen=True)
class SharedPart:
    """Parameters that serve the same tasks.

    Attributes
    ----------
    tasks : tuple of str
    n_parameters : int
    """

    tasks: tuple[str, ...]
    n_parameters: int


def shared_parts(network: MultiTaskModule) -> tuple[SharedPart, ...]:
    """Trainable parameters by the tasks that they serve, from many tasks to one.

    Parameters
    ----------
    network : MultiTaskModule
        Its `owners` are counted.
    """
    counts: Counter[frozenset[str]] = Counter()
    for owned in network.owners():
        tensor = owned.tensor
        if not isinstance(tensor, nn.Parameter) or not tensor.requires_grad:
            continue
        if owned.axis is None:
            counts[frozenset(owned.tasks)] += tensor.numel()
        else:
            for position in range(len(owned.tasks)):
                served = frozenset(owned.served_by(position))
                counts[served] += tensor.numel() // len(owned.tasks)
    order = {name: place for place, name in enumerate(network.tasks.names)}
    parts = [
        SharedPart(tuple(sorted(served, key=order.__getitem__)), count)
        for served, count in counts.items()
        if served
    ]
    return tuple(sorted(parts, key=lambda part: (-len(part.tasks), order[part.tasks[0]])))
