"""Members with fewer tasks than others in networks of the tasks of all."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch

from polytask.architectures import MultiTaskModule, Raw
from polytask.architectures._copies_trial import all_close
from polytask.architectures._overrides import overrides
from polytask.architectures._stacking_trial import hooks_refusal, run_alone
from polytask.data import Batch
from polytask.training._hosted import host_for
from polytask.training._stack_member import StackMember
from polytask.training._stacking import by_structure, sample_rows

__all__ = ["HostOf", "host_members"]

HostOf = Callable[[StackMember, tuple[str, ...]], MultiTaskModule | None]
_MOST_MORE = 1.5
"""Parameters of the host, as a multiple of those of the member's own network."""
_WORTH_A_STACK = 75_000
"""Scores of tasks that members have not, in a step of all, that cost as much as another stack."""


def host_members(members: Sequence[StackMember], host_of: HostOf) -> None:
    """Give members hosts of the tasks of all, if they then have one structure.

    One stack of all is faster than a stack for each number of tasks. A host must give the scores of
    the member's own network, in evaluation and in training mode.

    Parameters
    ----------
    members : sequence of StackMember
        Changed in place.
    host_of : callable
        Builds the network of a member for more tasks, or gives None.
    """
    groups = list(by_structure(members).values())
    if len(groups) < 2 or any(not _may_be_hosted(own[0]) for own in groups):
        return
    tasks = {name for member in members for name in member.tasks.names}
    more = sum((len(tasks) - len(m.tasks)) * m.trainer.rows_per_batch(m.n_rows) for m in members)
    if more > _WORTH_A_STACK * (len(groups) - 1):
        return
    names = tuple(n for n in members[0].table.tasks.names if n in tasks)
    if any(member.table.tasks.names != members[0].table.tasks.names for member in members):
        return
    if any(m.part and (m.table is not members[0].table or m.table.has_own_rows) for m in members):
        return
    tried = [own[0] for own in groups]
    if all(_hosted(member, names, host_of, (False, True)) for member in tried):
        for member in members:
            if member.hosted is None:
                _hosted(member, names, host_of, (False,))
    if len(by_structure(members)) >= len(groups):
        for member in members:
            member.hosted = None


def _may_be_hosted(member: StackMember) -> bool:
    """Whether tensors of tasks that it has not leave a member's own training as it is."""
    network = member.network
    return not (member.trainer.l1 or overrides(network, "penalty") or hooks_refusal(network))


def _hosted(
    member: StackMember, names: tuple[str, ...], host_of: HostOf, modes: tuple[bool, ...]
) -> bool:
    """Give a member a host, if that gives the same scores; whether it now has all tasks."""
    if member.tasks.names == names:
        return True
    host = host_of(member, names)
    if host is None:
        return False
    own, more = (sum(p.numel() for p in n.parameters()) for n in (member.network, host))
    hosted = host_for(member.network, host) if more <= _MOST_MORE * own else None
    if hosted is None:
        return False
    rows = sample_rows(member)
    for training in modes:
        networks = [member.network, host]
        if training:
            networks = [copy.deepcopy(n) for n in networks]  # a pass may change buffers
        alone = run_alone(networks[0], rows, training=training)
        together = run_alone(networks[1], _as_host(member, host, rows), training=training)
        if not _contains(member, host, alone, together):
            return False
    member.hosted = hosted
    return True


def _as_host(member: StackMember, host: MultiTaskModule, rows: Batch) -> Batch:
    """Rows of a member with the positions that their tasks have in the host."""
    places = torch.tensor([host.tasks.index(name) for name in member.tasks.names])
    return {
        source: own if own.task is None else replace(own, task=places[own.task])
        for source, own in rows.items()
    }


def _contains(
    member: StackMember,
    host: MultiTaskModule,
    alone: Raw,
    together: Mapping[tuple[str, str], torch.Tensor],
) -> bool:
    """Whether the scores of a host hold those of the member's own network."""
    for block in member.network.blocks:
        for source in block.sources:
            if (source, block.name) not in alone:
                continue
            own = alone[source, block.name]
            other = next(b for b in host.blocks if block.tasks[0] in b.tasks)
            scores = together[source, other.name]
            if source not in block.own_rows:
                columns = [other.tasks_in(source).index(n) for n in block.tasks_in(source)]
                scores = scores[:, columns]
            if not all_close([scores], [own]):
                return False
    return True
