"""Abstract base class of groups of processes."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["Processes"]


class Processes(ABC):
    """Processes that train on parts of the same batches, as seen from one of them.

    All of them call the same methods in the same order, with tensors of the same shape and type.
    Every method returns the same in each of them. Only `sum` and `barrier` must be written.

    Attributes
    ----------
    rank : int
        The position of this process in the group, from 0.
    size : int
        The number of processes.

    Examples
    --------
    A group of four whose other members always send zeros:

    >>> import torch
    >>> from polytask.processes import Processes
    >>> class Alone(Processes):
    ...     rank, size = 0, 4
    ...
    ...     def sum(self, tensor):
    ...         return tensor.detach().clone()
    ...
    ...     def barrier(self):
    ...         pass
    >>> Alone().mean(torch.tensor([2.0, 6.0]))
    tensor([0.5000, 1.5000])
    """

    rank: int
    size: int

    @abstractmethod
    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes, in its shape and type, without a graph."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until every process has arrived here."""

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean of a tensor over all processes, without a graph."""
        return self.sum(tensor) / self.size

    def any(self, tensor: Tensor) -> Tensor:
        """Where a bool tensor is True in at least one process."""
        return self.sum(tensor.to(torch.int32)) > 0

    def gather(self, tensor: Tensor) -> Tensor:
        """The tensors of numbers of all processes by rank, along a new first axis."""
        table = tensor.new_zeros((self.size, *tensor.shape))
        table[self.rank] = tensor.detach()
        return self.sum(table)
