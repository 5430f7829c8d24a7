"""Work that several processes share in training: their rows, and gradients of plain sums."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, SourceBatch
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import Need
from polytask.processes import Processes
from polytask.training._trainer_settings import TrainerSettings
from polytask.weighting import Weighting

__all__ = ["average_gradients", "check_shared_work", "rows_of_process"]

_OF_ONE_PROCESS = frozenset({Need.GRAMIAN, Need.PRODUCT, Need.VALIDATION})


def check_shared_work(
    trainer: TrainerSettings,
    network: MultiTaskModule,
    weighting: Weighting | None,
    processes: Processes,
) -> None:
    """Refuse what only a single process can train."""
    if processes.size == 1:
        return
    if network.replicated:
        sentence = (
            "Networks of single tasks are trained by one process. Give `processes` of size 1, "
            "and train other seeds or tasks in the other processes."
        )
        raise ParameterError(sentence)
    if trainer.engine != "auto":
        sentence = (
            f"The engine {trainer.engine!r} of Trainer is for one process: over several, the whole "
            "Jacobian is formed. Leave `engine` at 'auto'."
        )
        raise ParameterError(sentence)
    unserved = sorted(weighting.needs & _OF_ONE_PROCESS) if weighting is not None else []
    if unserved:
        sentence = (
            f"{type(weighting).__name__} needs {', '.join(unserved)}, which Trainer serves in one "
            "process alone. Choose a weighting of the losses, or an aggregator."
        )
        raise UnservedNeedError(sentence)


def rows_of_process(sources: Batch, processes: Processes) -> dict[str, SourceBatch]:
    """The rows of one process: every `size`-th of each source, of which some may have none."""
    if processes.size == 1:
        return dict(sources)
    parts = {
        name: rows.take(slice(processes.rank, None, processes.size))
        for name, rows in sources.items()
    }
    return {name: rows for name, rows in parts.items() if rows.n_rows}


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
        parameter.grad = mean.view_as(parameter)
