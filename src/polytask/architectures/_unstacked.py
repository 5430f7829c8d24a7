"""A network whose copies of modules run one after another."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import nn

from polytask.architectures._copies import Copies

__all__ = ["unstacked"]

Network = TypeVar("Network", bound=nn.Module)


def unstacked(network: Network, names: Iterable[str]) -> Network:
    """A copy of a network in which some `Copies` are modules of their own, such as hooks need.

    Parameters
    ----------
    network : nn.Module
        Is left as it is.
    names : iterable of str
        Of its `Copies` that run in one pass.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from polytask.architectures import Copies
    >>> from polytask.architectures._unstacked import unstacked
    >>> rows = torch.randn(5, 3)
    >>> network = nn.Sequential(Copies([nn.Linear(3, 2) for _ in range(4)], rows))
    >>> apart = unstacked(network, ["0"])
    >>> apart[0].stacked, torch.allclose(apart(rows), network(rows))
    (False, True)
    """
    copied = copy.deepcopy(network)
    for name in names:
        _unstack(copied.get_submodule(name))
    return copied


def _unstack(copies: nn.Module) -> None:
    """Give every copy a module with its values."""
    if not isinstance(copies, Copies) or not copies.stacked:
        return
    states, copies.stacked = copies.states(), False
    if copies.groups:  # which keep modules of their own
        return
    members = []
    for state in states:
        device = next(iter(state.values())).device if state else "cpu"
        member = copy.deepcopy(copies.template).to_empty(device=device)
        own = {**dict(member.named_parameters()), **dict(member.named_buffers())}
        with torch.no_grad():
            for key, value in state.items():
                own[key].copy_(value)
        members.append(member.train(copies.training))
    own_tensors = (copies.named_parameters(recurse=False), copies.named_buffers(recurse=False))
    for flat in [name for named in own_tensors for name, _ in named]:
        delattr(copies, flat)
    copies.members = nn.ModuleList(members)
