"""Common check of groups of processes."""

from __future__ import annotations

import torch
from torch import Tensor

from polytask.processes import Processes
from polytask.testing._require import require_instance

__all__ = ["check_processes"]

_SHAPES = ((), (1,), (5,), (2, 3))
_TYPES = (torch.float32, torch.float64, torch.int32, torch.int64)


def check_processes(processes: Processes, device: torch.device | None = None) -> None:
    """Raise AssertionError unless a group of processes keeps the promises of `Processes`.

    Call it in every process of the group at once, each with its own object. Ranks are those of
    different processes. Sums and means have the tensors' shape and type and no graph, `any` and
    `gather` are right, and arguments stay as they are.

    Parameters
    ----------
    processes : Processes
    device : torch.device, optional
        The device of the tensors; the CPU by default.

    Examples
    --------
    >>> from polytask.processes import OneProcess
    >>> from polytask.testing import check_processes
    >>> check_processes(OneProcess())
    """
    require_instance("check_processes", "processes", processes, Processes)
    rank, size = processes.rank, processes.size
    assert isinstance(size, int), f"size must be an int, not {size!r}"
    assert size >= 1, f"size must be at least 1, not {size}"
    assert isinstance(rank, int), f"rank must be an int, not {rank!r}"
    assert 0 <= rank < size, f"rank must be from 0 to {size - 1}, not {rank}"
    _check_ranks(processes, device)
    for shape in _SHAPES:
        for dtype in _TYPES:
            _check_sum(processes, torch.ones(shape, dtype=dtype, device=device) * (rank + 1))
    _check_arguments_stay(processes, device)
    _check_any(processes, device)
    _check_gather(processes, device)
    processes.barrier()


def _check_ranks(processes: Processes, device: torch.device | None) -> None:
    own = torch.zeros(processes.size, device=device)
    own[processes.rank] = 1.0
    counts = processes.sum(own).tolist()
    assert counts == [1.0] * processes.size, (
        f"each rank must be that of one process; there are {counts} processes of each"
    )


def _check_sum(processes: Processes, own: Tensor) -> None:
    size = processes.size
    expected = size * (size + 1) // 2
    total = processes.sum(own)
    assert total.shape == own.shape, f"sum must keep the shape {tuple(own.shape)}"
    assert total.dtype == own.dtype, f"sum must keep the type {own.dtype}"
    assert total.device == own.device, f"sum must keep the device {own.device}"
    assert bool((total == expected).all()), f"sum must be {expected}, not {total.tolist()}"
    mean = processes.mean(own)
    assert mean.shape == own.shape, f"mean must keep the shape {tuple(own.shape)}"
    assert bool((mean == expected / size).all()), f"mean must be {expected / size}"


def _check_arguments_stay(processes: Processes, device: torch.device | None) -> None:
    own = torch.full((3,), 2.0, device=device, requires_grad=True)
    for name, result in (("sum", processes.sum(own)), ("mean", processes.mean(own))):
        assert not result.requires_grad, f"{name} must have no graph"
    values = torch.arange(6.0, device=device)[::2]
    before = values.clone()
    processes.sum(values)
    assert torch.equal(values, before), "sum must leave its argument as it is"


def _check_any(processes: Processes, device: torch.device | None) -> None:
    mine = torch.tensor([processes.rank == processes.size - 1, False, True], device=device)
    result = processes.any(mine)
    assert result.dtype == torch.bool, f"any must give bools, not {result.dtype}"
    assert result.tolist() == [True, False, True], (
        f"any must be True where it is in some process, not {result.tolist()}"
    )


def _check_gather(processes: Processes, device: torch.device | None) -> None:
    table = processes.gather(torch.tensor([processes.rank, 7], device=device))
    expected = [[rank, 7] for rank in range(processes.size)]
    assert table.tolist() == expected, f"gather must be {expected}, not {table.tolist()}"
