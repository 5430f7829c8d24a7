"""A single process."""

from __future__ import annotations

from torch import Tensor

from polytask.processes._processes import Processes

__all__ = ["OneProcess"]


class OneProcess(Processes):
    """The group of one process: its own tensors are the sums, to the last bit.

    Examples
    --------
    >>> import torch
    >>> from polytask.processes import OneProcess
    >>> OneProcess().sum(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """

    rank = 0
    size = 1

    def sum(self, tensor: Tensor) -> Tensor:
        """The tensor itself, without its graph."""
        return tensor.detach()

    def mean(self, tensor: Tensor) -> Tensor:
        """The tensor itself, without its graph."""
        return tensor.detach()

    def barrier(self) -> None:
        """Return at once."""
