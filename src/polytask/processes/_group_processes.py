"""Processes of a process group of torch."""

from __future__ import annotations

from typing import Any

from torch import Tensor, distributed

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.processes._processes import Processes

__all__ = ["GroupProcesses", "as_processes"]


class GroupProcesses(Processes):
    """The processes of a process group of `torch.distributed`.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, optional
        The default group, if not given.

    Raises
    ------
    ParameterError
        If the group is not initialised, or this process is not one of its members.

    Examples
    --------
    Every process, started by ``torchrun`` or ``torch.multiprocessing``, calls

    >>> import tempfile
    >>> import torch
    >>> from torch import distributed
    >>> from polytask.processes import GroupProcesses
    >>> folder = tempfile.TemporaryDirectory()
    >>> meeting = f"file://{folder.name}/meeting"
    >>> distributed.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    >>> processes = GroupProcesses()
    >>> processes.rank, processes.size, processes.sum(torch.tensor(3.0))
    (0, 1, tensor(3.))

    and at its end, so that gloo does not abort,

    >>> processes.barrier()
    >>> distributed.destroy_process_group()
    >>> folder.cleanup()
    """

    def __init__(self, group: Any = None) -> None:
        if not (distributed.is_available() and distributed.is_initialized()):
            sentence = (
                "GroupProcesses needs an initialised process group. Call "
                "torch.distributed.init_process_group first."
            )
            raise ParameterError(sentence)
        self.group = group
        self.rank = distributed.get_rank(group)
        self.size = distributed.get_world_size(group)
        if self.rank < 0:
            expected = "a process group with this process as a member"
            raise ParameterError(message("GroupProcesses", "group", expected, group))

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes, in its shape and type, without a graph."""
        total = tensor.detach().clone().contiguous()
        distributed.all_reduce(total, distributed.ReduceOp.SUM, self.group)
        return total

    def barrier(self) -> None:
        """Wait until every process has arrived here."""
        distributed.barrier(self.group)


def as_processes(group: Any, owner: str = "backward", parameter: str = "group") -> Processes:
    """Return `Processes` as they are, and a process group of torch as `GroupProcesses`.

    Parameters
    ----------
    group : Processes or torch.distributed.ProcessGroup
    owner, parameter : str
        Whose argument it is, for errors.

    Raises
    ------
    ParameterError
        If it is neither.

    Examples
    --------
    >>> from polytask.processes import OneProcess, as_processes
    >>> processes = OneProcess()
    >>> as_processes(processes) is processes
    True
    """
    if isinstance(group, Processes):
        return group
    if distributed.is_available() and isinstance(group, distributed.ProcessGroup):
        return GroupProcesses(group)
    expected = "Processes or an initialised torch.distributed.ProcessGroup"
    raise ParameterError(message(owner, parameter, expected, group))
