"""Checks that several processes can train a network together, and that they train the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from zlib import crc32

import torch

from polytask._recipes import to_json
from polytask.architectures import MultiTaskModule
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import Need
from polytask.processes import Processes, differing_ranks
from polytask.training._trainer_settings import TrainerSettings
from polytask.weighting import Weighting

__all__ = ["check_same_step", "check_same_training", "check_shared_work"]

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
    if network.has_batch_penalty and trainer.aggregation is not None:
        sentence = (
            "The `aggregation` parameter of Trainer must be None over several processes for "
            f"{type(network).__name__}, which penalises what it gives for a batch. Got "
            f"{type(trainer.aggregation).__name__} instead. Give `processes` of size 1, or a "
            "`weighting`."
        )
        raise UnservedNeedError(sentence)
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


def check_same_training(
    processes: Processes,
    settings: TrainerSettings,
    network: MultiTaskModule,
    data: Mapping[str, MultiTaskDataset | None],
    device: torch.device,
    *,
    seed: int = 0,
    held_out: float = 0.0,
) -> None:
    """Refuse arguments of `Trainer.fit` that differ between processes, in all of them."""
    if processes.size == 1:
        return
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    digests = {name: None if rows is None else rows.digest() for name, rows in data.items()}
    values = {
        "settings": {name: _compared(value) for name, value in given.items()},
        **digests,
        "architecture, start or seed": [seed, _digest(network)],
        "`held_out`": held_out,
    }
    differing = differing_ranks(processes, values, device)
    for name, rank in differing.items():
        sentence = (
            f"All `processes` of Trainer must train with the same {name}. Those of process {rank} "
            "differ from those of process 0. Give the same arguments to `fit` in each."
        )
        raise ParameterError(sentence)


def check_same_step(processes: Processes, step: int, device: torch.device) -> None:
    """Refuse processes that would go on from different checkpoints, in all of them."""
    if processes.size > 1 and differing_ranks(processes, {"step": step}, device):
        sentence = (
            "All `processes` of Trainer must go on from the same `checkpoint`. Put it where every "
            "process can read it, or delete it to start anew."
        )
        raise ParameterError(sentence)


def _compared(value: object) -> object:
    """A setting as it is compared: recipes by their settings, what is none by its class."""
    if isinstance(value, Mapping):
        return {name: _compared(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_compared(item) for item in value]
    try:
        return to_json(value)
    except ParameterError:  # such as a function without a name
        return type(value).__qualname__


def _digest(network: MultiTaskModule) -> list[tuple[str, int]]:
    return [
        (name, crc32(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()))
        for name, tensor in network.state_dict().items()
    ]
