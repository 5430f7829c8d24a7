"""Features of the same rows, at every place of a network where tasks or experts have their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polytask.architectures import Copies, MultiTaskModule
from polytask.architectures._pooled_copies import pooled_copies
from polytask.data import Batch, SourceBatch
from polytask.encoders import State, mean_pool

__all__ = ["Features", "copied_features", "task_features"]


@dataclass(frozen=True, eq=False)
class Features:
    """Features of rows at one place of a network.

    Attributes
    ----------
    name : str
        Of the place.
    owners : tuple of tuple of str
        The tasks that each array of features serves; () for those of all tasks.
    values : tuple of array of shape (n, h)
    common : bool
        Whether there is one array, which all tasks have in common.
    """

    name: str
    owners: tuple[tuple[str, ...], ...]
    values: tuple[np.ndarray, ...]
    common: bool = False

    def by_task(self, tasks: Sequence[str]) -> dict[str, np.ndarray]:
        """The features of each task that has some."""
        if self.common:
            return dict.fromkeys(tasks, self.values[0])
        return {
            name: values
            for names, values in zip(self.owners, self.values, strict=True)
            for name in names
        }


def task_features(network: MultiTaskModule, source: str, rows: SourceBatch) -> Features | None:
    """The last features before the heads, of all tasks or of each; None where there are none.

    Parameters
    ----------
    network : MultiTaskModule
        In evaluation mode.
    source : str
    rows : SourceBatch
        Of tensors, without tasks of rows; not as many rows as tasks.
    """
    batch = network.with_members({source: rows})
    with torch.no_grad():
        states = network.features(batch)
    if states is None or source not in states:
        return None
    state, names = states[source], network.tasks_in(source)
    some = next(iter(batch[source].inputs.values()))
    n_rows = len(some) * batch[source].members
    if len(state.values) == n_rows:
        return Features("features", (names,), (_array(mean_pool(state)),), common=True)
    if len(state.values) != len(names):
        return None
    own = tuple(map(_array, pooled_copies(state)))
    return Features("features", tuple((name,) for name in names), own)


def copied_features(
    network: MultiTaskModule, source: str, rows: SourceBatch
) -> tuple[list[Features], list[Features]]:
    """Features of stages that tasks have copies of, in the order they run, and of experts.

    Parameters
    ----------
    network : MultiTaskModule
        Its `Copies` are observed in one pass over the rows.
    source : str
    rows : SourceBatch

    Returns
    -------
    stages, experts : list of Features
        Experts are copies that all tasks share, or of which a task has several.
    """
    calls = _calls(network, network.with_members({source: rows}))
    stages: list[Features] = []
    experts: dict[str, Features] = {}
    for name, copies, members, state in calls:
        owners = _owners_of(copies)
        if members is not None:
            owners = tuple(owners[i] for i in members)
        if len(owners) < 2 or len(state.values) != len(owners):
            continue
        values = tuple(map(_array, pooled_copies(state)))
        if any(not names for names in owners) or len(set(owners)) < len(owners):
            parent = name.rpartition(".")[0] or name
            experts[parent] = Features(parent, owners, values)  # the last stage stays
        else:
            stages.append(Features(f"stage {len(stages) + 1}", owners, values))
    return stages, list(experts.values())


def _calls(
    network: nn.Module, batch: Batch
) -> list[tuple[str, Copies, Sequence[int] | None, State]]:
    """What every `Copies` gave in one pass, in the order of the calls."""
    calls: list[tuple[str, Copies, Sequence[int] | None, State]] = []

    def watch(name: str, piece: Copies) -> Any:
        def seen(
            module: nn.Module, given: tuple[Any, ...], options: Mapping[str, Any], output: Any
        ) -> None:
            del module
            members = options.get("members", given[2] if len(given) > 2 else None)
            state = State(output) if isinstance(output, Tensor) else output
            if isinstance(state, State) and state.values.ndim > 2:
                calls.append((name, piece, members, state))

        return piece.register_forward_hook(seen, with_kwargs=True)

    pieces = [(name, m) for name, m in network.named_modules() if isinstance(m, Copies)]
    hooks = [watch(name, piece) for name, piece in pieces]
    try:
        with torch.no_grad():
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _owners_of(copies: Copies) -> tuple[tuple[str, ...], ...]:
    if copies.groups:
        return copies.groups
    return tuple((name,) for name in copies.tasks) or ((),) * copies.n_copies


def _array(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
