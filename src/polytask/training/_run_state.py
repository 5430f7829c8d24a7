"""The state of a training run, to a checkpoint and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from polytask._reason import reason
from polytask._seeds import derived_seed
from polytask.bookkeeping import History
from polytask.exceptions import CheckpointError, StudyError
from polytask.training._checkpoint import load_state, save_state

__all__ = [
    "Resumable",
    "load_optimizer",
    "noise",
    "restore_run",
    "resume_run",
    "run_state",
    "save_run",
    "set_noise",
]


@runtime_checkable
class Resumable(Protocol):
    """A training whose state can be saved and restored."""

    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""


def save_run(
    run: Resumable, path: Path, identity: str, kept: Mapping[str, Any] | None = None
) -> None:
    """Write the state that an exact resume needs, and what earlier stages left."""
    state = {"identity": identity, **run.state()}
    save_state(path, state if kept is None else {**state, "kept": kept})


def resume_run(
    run: Resumable, path: Path, identity: str, kept: Mapping[str, Any] | None = None
) -> None:
    """Restore the state of a checkpoint of the same recipe, data and seed.

    A file that holds only what earlier stages left leaves the run at its start.
    """
    state = load_state(path)
    if kept is not None and state.keys() == {"kept"}:
        return
    if state.get("identity") != identity:
        sentence = (
            f"{path.name} belongs to another recipe, data set or seed. "
            "Delete it, or name another checkpoint."
        )
        raise CheckpointError(sentence)
    try:
        run.restore(state)
    except Exception as error:
        sentence = (
            f"{path.name} holds no state of this run ({reason(error)}). Delete it to start anew."
        )
        raise StudyError(sentence) from error


def run_state(run: Any) -> dict[str, Any]:
    """The state of a `TrainingRun`."""
    weighting, aggregator = run.balancing.weighting, run.balancing.aggregator
    return {
        "step": run.step,
        "network": dict(run.network.state_dict()),
        "optimizer": run.optimizer.state_dict(),
        "selection": run.selection.state_dict(),
        "history": run.history.to_dict(),
        "scheduler": run.scheduler.state_dict() if run.scheduler else {},
        "precision": run.fabric.strategy.precision.state_dict(),
        "sampler": run.batches.state_dict(),
        "second_sampler": run.balancing.second.state_dict() if run.balancing.second else {},
        "weighting": weighting.state_dict() if weighting else {},
        "aggregation": aggregator.state_dict() if aggregator else {},
        "noise": noise(run.fabric.device),
        "generator": run.balancing.generator.get_state(),
        "seconds": run.seconds(),
    }


def restore_run(run: Any, state: Mapping[str, Any]) -> None:
    """Restore the state of a `TrainingRun`."""
    run.step, run.seconds_before = int(state["step"]), float(state["seconds"])
    run.network.load_state_dict(state["network"])
    load_optimizer(run.optimizer.optimizer, state["optimizer"])
    run.selection.load_state_dict(state["selection"])
    run.history = History.from_dict(state["history"])
    run.fabric.strategy.precision.load_state_dict(state["precision"])
    device, balancing = run.fabric.device, run.balancing
    run.batches.load_state_dict(state["sampler"])
    if balancing.second is not None:
        balancing.second.load_state_dict(state["second_sampler"])
    if balancing.weighting is not None:
        balancing.weighting.load_state_dict(_to_device(device, state["weighting"]))
    if balancing.aggregator is not None:
        balancing.aggregator.load_state_dict(_to_device(device, state["aggregation"]))
    if run.scheduler is not None:
        run.scheduler.load_state_dict(state["scheduler"])
    if run.processes.rank == 0:
        set_noise(device, state["noise"])
    else:  # the checkpoint holds the first process's noise, which others must not repeat
        torch.manual_seed(derived_seed(run.seed, "noise", run.processes.rank, run.step))
    balancing.generator.set_state(state["generator"])


def load_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Load an optimiser's state.

    A fused step reads memory by the sizes of its parameters. So a file can neither ask for one
    nor give it tensors of other sizes.
    """
    fused = [group.get("fused") for group in optimizer.param_groups]
    optimizer.load_state_dict(dict(state))
    for group, was_fused in zip(optimizer.param_groups, fused, strict=True):
        group["fused"] = was_fused
        for parameter in group["params"] if was_fused else ():
            for name, value in optimizer.state.get(parameter, {}).items():
                if value.shape != (() if name == "step" else parameter.shape):
                    sentence = (
                        f"{name!r} of a parameter of shape {tuple(parameter.shape)} does not fit"
                    )
                    raise ValueError(sentence)


def noise(device: torch.device) -> dict[str, torch.Tensor]:
    """States of the generators that layers draw from."""
    states = {"cpu": torch.get_rng_state()}
    return {**states, "cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else states


def set_noise(device: torch.device, states: Mapping[str, torch.Tensor]) -> None:
    """Restore what `noise` returned."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def _to_device(device: torch.device, state: Any) -> Any:
    """A state with its tensors on the device; checkpoints are read on the CPU."""
    if isinstance(state, torch.Tensor):
        return state.to(device)
    if isinstance(state, Mapping):
        return {key: _to_device(device, value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_to_device(device, value) for value in state)
    return state
