"""The state of members that are trained side by side, to a checkpoint and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from polytask._reason import reason
from polytask.bookkeeping import History
from polytask.exceptions import StudyError
from polytask.training._checkpoint import load_state, save_state
from polytask.training._run_state import load_optimizer
from polytask.training._stack_member import StackMember
from polytask.training._stack_run import StackRun

__all__ = ["active_members", "restore_members", "restore_stack", "save_stack", "stack_state"]

Identity = Callable[[StackMember], str]


def save_stack(run: StackRun, path: Path, identity: str, identity_of: Identity) -> None:
    """Write the state that an exact resume of a stack needs.

    Parameters
    ----------
    run : StackRun
    path : Path
    identity : str
        Of the stack as it began.
    identity_of : callable
        Gives that of each member.
    """
    names = [identity_of(member) for member in run.members]
    save_state(path, {"identity": identity, "members": names, **stack_state(run)})


def stack_state(run: StackRun) -> dict[str, Any]:
    """The state of the members that have not ended."""
    means = run.means
    return {
        "step": run.step,
        "seconds": run.seconds,
        "networks": {**run.networks.parameters, **run.networks.buffers},
        "optimizers": run.optimizers.state_dict(),
        "records": [
            {"selection": own.selection.state_dict(), "history": own.history.to_dict()}
            for own in run.records
        ],
        "next_evaluation": run.next_evaluation.tolist(),
        "noise": [generator.get_state() for generator in run.forward.generators],
        "weightings": [weighting.state_dict() for weighting in run.weightings.own],
        "generators": [generator.get_state() for generator in run.weightings.generators],
        "means": [means.losses, means.weights, means.fractions, means.batches],
    }


def active_members(path: Path, identity: str) -> tuple[list[str], dict[str, Any]]:
    """Identities of the members of a stack when its state was written, and that state.

    Raises
    ------
    StudyError
        If the file is not as it was written, or of another stack.
    """
    state = load_state(path)
    if state.get("identity") != identity:
        sentence = f"{path.name} belongs to another population. Delete it to start anew."
        raise StudyError(sentence)
    return list(state["members"]), state


def restore_stack(run: StackRun, state: Mapping[str, Any], path: Path) -> None:
    """Restore the state of a stack of the same members, in the same order.

    Raises
    ------
    StudyError
        If the state does not fit.
    """
    try:
        restore_members(run, state)
    except Exception as error:
        why = reason(error)
        sentence = f"{path.name} holds no state of these members ({why}). Delete it to start anew."
        raise StudyError(sentence) from error


def restore_members(run: StackRun, state: Mapping[str, Any]) -> None:
    """Restore what `stack_state` returned, in a run of the same members in the same order."""
    run.step, run.seconds = int(state["step"]), float(state["seconds"])
    with torch.no_grad():
        for name, tensor in {**run.networks.parameters, **run.networks.buffers}.items():
            tensor.copy_(state["networks"][name])
    for own, saved in zip(run.optimizers.slices, state["optimizers"], strict=True):
        load_optimizer(own.optimizer, saved["optimizer"])
        if own.scheduler is not None:
            own.scheduler.load_state_dict(saved["scheduler"])
    for record, saved in zip(run.records, state["records"], strict=True):
        record.selection.load_state_dict(saved["selection"])
        record.history = History.from_dict(saved["history"])
    run.next_evaluation = np.array(state["next_evaluation"])
    _restore_noise(run.forward.generators, state["noise"])
    _restore_noise(run.weightings.generators, state["generators"])
    for weighting, saved in zip(run.weightings.own, state["weightings"], strict=True):
        weighting.load_state_dict(saved)
    names = ("losses", "weights", "fractions", "batches")
    for name, tensor in zip(names, state["means"], strict=True):
        setattr(run.means, name, tensor.to(run.device))


def _restore_noise(generators: Sequence[torch.Generator], states: Sequence[torch.Tensor]) -> None:
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)
