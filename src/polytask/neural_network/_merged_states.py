"""Merging of the copies of one network: shared tensors are merged, a task's own stay its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.architectures import MultiTaskModule, Owned
from polytask.merging import Merging

__all__ = ["merged_state"]

State = Mapping[str, Tensor]


def merged_state(
    merging: Merging,
    network: MultiTaskModule,
    start: State,
    tuned: Mapping[str, State],
    *,
    seed: int,
    loss: Callable[[State, int], Float[Tensor, ""]] | None = None,
) -> dict[str, Tensor]:
    """Merge copies of a network that were fine-tuned for one task each.

    What serves one task alone, such as its head, comes from the task's copy. What several tasks
    share is merged from the copies of these tasks; buffers are averaged.

    Parameters
    ----------
    merging : Merging
    network : MultiTaskModule
        Says which tasks each tensor serves; its own values are not read.
    start : mapping of name to tensor
        The state that the copies began from.
    tuned : mapping of task to mapping of name to tensor
    seed : int
    loss : callable, optional
        ``loss(state, step)`` of the whole network, for methods that learn.

    Returns
    -------
    dict of name to tensor
    """
    owners = _owners(network)
    own = {name: start[name].clone() for name in start}
    for name, owned in owners.items():
        _fill_own_parts(own[name], name, owned, tuned)
    shared = {name: owned for name, owned in owners.items() if owned.is_shared}
    parameters = dict(network.named_parameters())
    merged = merging.merge(
        {name: start[name] for name in shared},
        {
            task: {name: state[name] for name, owned in shared.items() if task in _served(owned)}
            for task, state in tuned.items()
        },
        buffers=[name for name in shared if name not in parameters],
        seed=seed,
        loss=None if loss is None else lambda state, step: loss(_with(own, state, owners), step),
    )
    return _with(own, merged, owners)


def _owners(network: MultiTaskModule) -> dict[str, Owned]:
    """The owner of every tensor of the state; one that has two names stands under its first."""
    stated = {id(owned.tensor): owned for owned in network.owners()}
    names: dict[int, str] = {}
    for name, tensor in network.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), name)
    return {name: stated[tensor] for tensor, name in names.items() if tensor in stated}


def _served(owned: Owned) -> set[str]:
    return {*owned.tasks, *(name for further in owned.dependants for name in further)}


def _fill_own_parts(tensor: Tensor, name: str, owned: Owned, tuned: Mapping[str, State]) -> None:
    """Copy what belongs to one task alone from the copy of that task."""
    with torch.no_grad():
        for task, state in tuned.items():
            part = owned.parts_of({task})
            if part is not None:
                tensor[part] = state[name].to(tensor)[part]


def _with(own: State, merged: State, owners: Mapping[str, Owned]) -> dict[str, Tensor]:
    """The whole state: merged tensors, with the parts in them that belong to one task alone."""
    state = dict(own)
    for name, tensor in merged.items():
        state[name] = _with_own_parts(tensor, own[name], owners[name])
    return state


def _with_own_parts(merged: Tensor, own: Tensor, owned: Owned) -> Tensor:
    parts = [part for task in owned.tasks if (part := owned.parts_of({task})) is not None]
    if not parts:
        return merged
    mask = torch.zeros_like(own, dtype=torch.bool)
    for part in parts:
        mask[part] = True
    return torch.where(mask, own, merged)
