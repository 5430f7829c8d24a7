"""Rows, losses, gradients and buffers of several processes that train one network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, SourceBatch
from polytask.exceptions import PolytaskError
from polytask.processes import Processes
from polytask.training._forward import BatchLosses

__all__ = [
    "average_buffers",
    "average_gradients",
    "losses_of_all",
    "raised_in_all",
    "rows_of_process",
]

_Result = TypeVar("_Result")


def rows_of_process(sources: Batch, processes: Processes) -> dict[str, SourceBatch]:
    """The rows of one process: every `size`-th of each source, of which some may have none."""
    if processes.size == 1:
        return dict(sources)
    parts = {
        name: rows.take(slice(processes.rank, None, processes.size))
        for name, rows in sources.items()
    }
    return {name: rows for name, rows in parts.items() if rows.n_rows}


def raised_in_all(
    work: Callable[[], _Result], processes: Processes, device: torch.device
) -> _Result:
    """Return the result of `work`, during which this process exchanges nothing with others.

    An error in one process is raised in all of them: otherwise the others would wait for it.
    """
    if processes.size == 1:
        return work()
    result, error = _attempted(work)
    failed = bool(processes.any(torch.tensor(error is not None, device=device)))
    if result is None or failed:
        raise error or _failure_elsewhere()
    return result[0]


def losses_of_all(
    own_losses: Callable[[], BatchLosses], n_tasks: int, processes: Processes, device: torch.device
) -> BatchLosses:
    """Losses of which the mean over all processes is the loss of the whole batch.

    An error in one process is raised in all of them, as by `raised_in_all`.
    """
    zeros = torch.zeros(n_tasks, device=device)
    result, error = _attempted(own_losses)
    own = BatchLosses(zeros, zeros.bool()) if result is None else result[0]
    failed = torch.tensor([error is not None], device=device)
    flags = processes.any(torch.cat([own.present, failed]))
    if bool(flags[-1]):
        raise error or _failure_elsewhere()
    whole = processes.sum(own.losses)
    return BatchLosses(own.losses * processes.size, flags[:-1], own.features, own.penalty, whole)


def _attempted(work: Callable[[], _Result]) -> tuple[tuple[_Result] | None, Exception | None]:
    """The result or the error of some work; one of them is None."""
    try:
        return (work(),), None
    except Exception as error:  # noqa: BLE001 - raised again after all processes know
        return None, error


def _failure_elsewhere() -> PolytaskError:
    return PolytaskError("Another process failed in its part of the work. See its error.")


def average_gradients(parameters: Sequence[Tensor], processes: Processes) -> None:
    """Give every process the mean of all processes' gradients, None counting as zero.

    Parameters without a gradient in any process keep none.
    """
    has_gradient = torch.tensor([p.grad is not None for p in parameters])
    somewhere = processes.any(has_gradient.to(parameters[0].device)).tolist()
    filled = [p for p, any_has in zip(parameters, somewhere, strict=True) if any_has]
    if not filled:
        return
    own = [torch.zeros_like(p) if p.grad is None else p.grad.to_dense() for p in filled]
    means = processes.mean(torch.cat([gradient.flatten() for gradient in own]))
    pieces = torch.split(means, [p.numel() for p in filled])
    for parameter, mean in zip(filled, pieces, strict=True):
        parameter.grad = mean.view_as(parameter).to(parameter.dtype)


def average_buffers(network: MultiTaskModule, processes: Processes) -> None:
    """Give every process the same buffers: means of floats, and those of rank 0 otherwise.

    Batch norm sees the rows of one process, so that its statistics differ between them.
    """
    if processes.size == 1:
        return
    for buffer in network.buffers():
        values = processes.gather(buffer if buffer.dtype != torch.bool else buffer.to(torch.uint8))
        differs = bool((values != values[0]).any())
        if differs:
            buffer.copy_(values.mean(dim=0) if buffer.is_floating_point() else values[0])
