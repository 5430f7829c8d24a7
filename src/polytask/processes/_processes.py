"""Abstract base class of groups of processes."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["Processes"]


class Processes(ABC):
    """Processes that work on parts of the same batches, as one of them sees the group.

    All of them call the same methods in the same order. What they get is the same in each.

    Attributes
    ----------
    rank : int
        The position of this process among all, from 0.
    size : int
        The number of processes.
    """

    rank: int
    size: int

    @abstractmethod
    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes, in its shape and type; without a graph."""

    @abstractmethod
    def barrier(self) -> None:
        """Wait until every process has arrived here."""

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean of a tensor over all processes, without a graph."""
        return self.sum(tensor) / self.size

    def any(self, tensor: Tensor) -> Tensor:
        """Where a bool tensor is True in some process."""
        return self.sum(tensor.to(torch.int32)) > 0
