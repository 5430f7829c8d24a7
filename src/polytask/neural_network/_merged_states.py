"""Merging of the copies of one network: a task's own tensors are taken from its copy."""

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

    What serves one task alone, such as its head, comes from the task's copy, in which `TaskCopies`
    leaves most such parameters as they were at the start. What several tasks share is merged from
    the copies of these tasks; buffers are averaged.

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
        With the names of `start`; names of one tied tensor have one value.
    """
    names = _first_names(network)
    owners = _owners(network, names)
    own = {name: start[name].clone() for name in start}
    for name, owned in owners.items():
        _fill_own_parts(own[name], name, owned, tuned)
    shared = {name: owned for name, owned in owners.items() if owned.is_shared}
    parameters = dict(network.named_parameters())

    def whole(state: State) -> dict[str, Tensor]:
        complete = _with(own, state, owners)
        return {name: complete[names.get(name, name)] for name in complete}

    merged = merging.merge(
        {name: start[name] for name in shared},
        {
            task: {name: state[name] for name, owned in shared.items() if task in owned.all_tasks}
            for task, state in tuned.items()
        },
        buffers=[name for name in shared if name not in parameters],
        seed=seed,
        loss=None if loss is None else lambda state, step: loss(whole(state), step),
    )
    return whole(merged)


def _first_names(network: MultiTaskModule) -> dict[str, str]:
    """The first name of the tensor of every name of the state: another one where it is tied."""
    first: dict[int, str] = {}
    state = network.state_dict(keep_vars=True)
    return {name: first.setdefault(id(tensor), name) for name, tensor in state.items()}


def _owners(network: MultiTaskModule, names: Mapping[str, str]) -> dict[str, Owned]:
    """The owner of every tensor of the state, under its first name."""
    stated = {id(owned.tensor): owned for owned in network.owners()}
    tensors = network.state_dict(keep_vars=True)
    owners = {name: stated.get(id(tensors[name])) for name in dict.fromkeys(names.values())}
    return {name: owned for name, owned in owners.items() if owned is not None}


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
