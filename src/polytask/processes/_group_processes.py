"""Processes of a process group of torch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, distributed

from polytask.processes._processes import Processes

__all__ = ["GroupProcesses", "as_processes"]


class GroupProcesses(Processes):
    """The processes of a process group of `torch.distributed`.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, optional
        The default group, if not given. It has to be initialised before `rank` or `size` is read.
    """

    def __init__(self, group: Any = None) -> None:
        self.group = group

    @property
    def rank(self) -> int:  # type: ignore[override]  # read from the group when it is there
        """The position of this process in the group."""
        return distributed.get_rank(self.group)

    @property
    def size(self) -> int:  # type: ignore[override]  # the same
        """The number of processes in the group."""
        return distributed.get_world_size(self.group)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes."""
        total = tensor.detach().clone().contiguous()
        distributed.all_reduce(total, distributed.ReduceOp.SUM, self.group)
        return total

    def barrier(self) -> None:
        """Wait until every process has arrived here."""
        distributed.barrier(self.group)


def as_processes(group: Any) -> Processes:
    """Processes as they are; a process group of torch as `GroupProcesses`."""
    return group if isinstance(group, Processes) else GroupProcesses(group)
