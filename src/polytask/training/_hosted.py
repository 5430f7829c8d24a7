"""Networks of some tasks within networks of more, so that both have one structure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from polytask.architectures import MultiTaskModule, Owned

__all__ = ["Hosted", "host_for"]

Place = tuple[str, int | None, list[int]]
"""Name of the host's tensor; axis and slices in it, or None for all of it."""


class Hosted:
    """A network of some tasks, as part of a network of more.

    Parameters
    ----------
    network : MultiTaskModule
        Of more tasks, the host; its tensors take the values of the other's.
    places : mapping of str to Place
        By the name of each tensor of the network of some tasks.
    """

    def __init__(self, network: MultiTaskModule, places: Mapping[str, Place]) -> None:
        self.network, self.places = network, dict(places)

    def own_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tensors of the network of some tasks, from those of the host."""
        own = {}
        for name, (host, axis, slices) in self.places.items():
            if host not in state:
                continue
            tensor = state[host]
            if axis is not None:
                at = torch.tensor(slices, device=tensor.device)
                tensor = tensor.index_select(axis, at)
            own[name] = tensor
        return own


def host_for(network: MultiTaskModule, host: MultiTaskModule) -> Hosted | None:
    """Copy a network's tensors into one of more tasks; None where they have no place in it.

    A trial must show that the host gives the same scores.

    Parameters
    ----------
    network : MultiTaskModule
    host : MultiTaskModule
        Of the same recipe for more tasks; changed in place.
    """
    own, others = _owned(network), _owned(host)
    places: dict[str, Place] = {}
    for name, owned in own.items():
        place = _place(name, owned, others)
        if place is None:
            return None
        places[name] = place
    tensors = {**dict(host.named_parameters()), **dict(host.named_buffers())}
    with torch.no_grad():
        for name, (at, axis, slices) in places.items():
            own_tensor = own[name].tensor
            if axis is None:
                tensors[at].copy_(own_tensor)
            else:
                index = torch.tensor(slices, device=own_tensor.device)
                tensors[at].index_copy_(axis, index, own_tensor)
    return Hosted(host, places)


def _owned(network: MultiTaskModule) -> dict[str, Owned]:
    """What is stated of every saved tensor, by its name."""
    stated = {id(owned.tensor): owned for owned in network.owners()}
    saved = network.state_dict().keys()
    named = [*network.named_parameters(), *network.named_buffers()]
    return {name: stated[id(tensor)] for name, tensor in named if name in saved}


def _place(name: str, owned: Owned, hosts: Mapping[str, Owned]) -> Place | None:
    """Where a tensor stands in the host: the same one, or slices of one of its kind."""
    same = hosts.get(name)
    if owned.axis is None:
        fits = same is not None and same.axis is None and same.tensor.shape == owned.tensor.shape
        return (name, None, []) if fits else None
    kind = re.sub(r"\d+", "#", name)
    for at, other in hosts.items():
        if re.sub(r"\d+", "#", at) != kind or other.axis != owned.axis:
            continue
        if all(task in other.tasks for task in owned.tasks):
            shapes = [list(t.shape) for t in (owned.tensor, other.tensor)]
            for shape in shapes:
                shape[owned.axis] = 0
            if shapes[0] == shapes[1]:
                return at, owned.axis, [other.tasks.index(task) for task in owned.tasks]
    return None
