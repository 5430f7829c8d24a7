"""Ownership of a network's tensors by tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

__all__ = ["Owned", "Owner", "owned_by", "tensors_of"]

Index = Any
"""What a tensor is indexed by."""


@dataclass(frozen=True, eq=False)
class Owned:
    """A parameter or buffer, and the tasks that it serves.

    Parameters
    ----------
    tensor : Tensor
    tasks : tuple of str
        All tasks whose scores depend on it; () if no score depends on it, such as a classifier of
        tasks that only a penalty trains.
    axis : int, optional
        None where the tensor as a whole serves these tasks. Else slice k along this axis belongs
        to the k-th of them, alone but for its dependants.
    dependants : tuple of tuple of str, default ()
        With `axis`: for each slice the further tasks that it serves, such as those that the k-th
        feeds. None by default.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures import Owned
    >>> Owned(torch.zeros(2, 3), ("a", "b"), axis=0).is_shared
    False
    >>> Owned(torch.zeros(2, 3), ("a", "b"), axis=0, dependants=(("b",), ())).served_by(0)
    ('a', 'b')
    """

    tensor: Tensor
    tasks: tuple[str, ...]
    axis: int | None = None
    dependants: tuple[tuple[str, ...], ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether several tasks share the same numbers."""
        return any(self.dependants) if self.axis is not None else len(self.tasks) > 1

    @property
    def all_tasks(self) -> frozenset[str]:
        """The tasks with their dependants."""
        return frozenset(self.tasks).union(*self.dependants)

    def served_by(self, position: int) -> tuple[str, ...]:
        """All tasks that a slice serves."""
        further = self.dependants[position] if self.dependants else ()
        return (self.tasks[position], *further)

    def parts_of(self, tasks: Collection[str]) -> Index | None:
        """Index of the slices that belong to these tasks alone; None if there are none.

        Examples
        --------
        >>> import torch
        >>> from polytask.architectures import Owned
        >>> Owned(torch.zeros(2, 3), ("a", "b"), axis=0).parts_of({"b"})
        ([1],)
        """
        if self.axis is None:
            return ... if self.tasks and all(name in tasks for name in self.tasks) else None
        positions = [position for position, name in enumerate(self.tasks) if name in tasks]
        if self.dependants:
            positions = [p for p in positions if all(name in tasks for name in self.served_by(p))]
        return (*[slice(None)] * self.axis, positions) if positions else None


class Owner(nn.Module, ABC):
    """A piece of a network that states which tasks its tensors serve."""

    @abstractmethod
    def owners(self) -> Sequence[Owned]:
        """Its parameters and buffers; those that it leaves out serve all tasks."""


def owned_by(module: nn.Module, tasks: Iterable[str], axis: int | None = None) -> list[Owned]:
    """State that all parameters and buffers of a module serve the same tasks.

    Parameters
    ----------
    module : nn.Module
    tasks : iterable of str
    axis : int, optional
        As in `Owned`.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures import owned_by
    >>> [owned.tasks for owned in owned_by(nn.Linear(2, 1), ["price"])]
    [('price',), ('price',)]
    """
    names = tuple(tasks)
    return [Owned(tensor, names, axis) for tensor in tensors_of(module)]


def tensors_of(module: nn.Module) -> Iterator[Tensor]:
    """Parameters, then buffers."""
    yield from module.parameters()
    yield from module.buffers()
