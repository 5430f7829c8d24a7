"""Values of one task, between its network alone and a network of all tasks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from polytask.architectures._multi_task_module import MultiTaskModule

__all__ = ["give_task", "take_task"]


def take_task(whole: MultiTaskModule, name: str, alone: MultiTaskModule) -> None:
    """Give the network of one task the values that a network of all tasks has of it.

    Parameters
    ----------
    whole : MultiTaskModule
        Whose tasks are apart.
    name : str
    alone : MultiTaskModule
        As ``whole.of_task(name)`` gives it; changed in place.
    """
    with torch.no_grad():
        for (tensor, part), own in zip(_parts(whole, name), _saved(alone), strict=True):
            own.copy_(tensor[part].view_as(own))


def give_task(alone: MultiTaskModule, name: str, whole: MultiTaskModule) -> None:
    """Give a network of all tasks the values of the network of one, by what `owners` states.

    Parameters
    ----------
    alone : MultiTaskModule
    name : str
    whole : MultiTaskModule
        Changed in place.
    """
    with torch.no_grad():
        for (tensor, part), own in zip(_parts(whole, name), _saved(alone), strict=True):
            tensor[part] = own.view_as(tensor[part])


def _parts(whole: MultiTaskModule, name: str) -> Iterator[tuple[Tensor, Any]]:
    """Every saved tensor of which a part serves one task alone, with the index of the part."""
    stated = {id(owned.tensor): owned for owned in whole.owners()}
    for tensor in _saved(whole):
        part = stated[id(tensor)].parts_of({name})
        if part is not None:
            yield tensor, part


def _saved(network: MultiTaskModule) -> Iterator[Tensor]:
    """Parameters, then the buffers that are saved with them."""
    kept = network.state_dict(keep_vars=True).keys()
    named = chain(network.named_parameters(), network.named_buffers())
    return (tensor for name, tensor in named if name in kept)
