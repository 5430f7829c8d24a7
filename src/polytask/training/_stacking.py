"""Which members of a population can be trained side by side, and in which stacks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from torch import nn

from polytask.architectures._stacking_trial import changed_buffers, hooks_refusal, trial_refusal
from polytask.data import Batch, part_has_steps
from polytask.sampling import Proportional
from polytask.training._member_batch import member_batch
from polytask.training._stack_member import StackMember
from polytask.training._stack_weightings import SERVED
from polytask.training._trainer_settings import TrainerSettings

__all__ = [
    "MOST_NUMBERS",
    "Stack",
    "network_refusal",
    "sample_rows",
    "settings_refusal",
    "stacks_of",
]

_TRIAL_ROWS = 5
MOST_NUMBERS = 1 << 27
"""Parameters of a stack, so that with gradients and an optimiser's state it takes about 2 GB."""
_MOST_OF_ONE = 1 << 20
"""Parameters of one network, beyond which memory limits a step on a CPU, together as one by one.

Measured by ``benchmarks/populations.py``: 1.1 to 1.2 times faster with 0.3 million parameters, 0.95 to 1.2
with 1.1 million.
"""
_MOST_TASKS = 4096
"""Tasks of all members of a stack together."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Members of one structure.

    Attributes
    ----------
    members : list of StackMember
    changing : frozenset of str
        Names of buffers that training changes.
    rows_together : bool
        Whether members run only with those that have as many rows.
    """

    members: list[StackMember]
    changing: frozenset[str]
    rows_together: bool


def settings_refusal(trainer: TrainerSettings) -> str | None:
    """Why runs with these settings are trained one after another, in words; None if they need not be."""
    weighting, sampler = trainer.weighting, trainer.row_sampler()
    unserved = [] if weighting is None else sorted(weighting.needs - SERVED)  # type: ignore[union-attr]
    reasons = {
        "an aggregation compares the gradients of the tasks of each network": trainer.aggregation
        is not None,
        f"the weighting needs {', '.join(unserved)} of each network": bool(unserved),
        "a sampler that mixes sources draws each batch by itself": sampler is not None
        and type(sampler) is not Proportional,
        "augmentations change the rows of each batch": bool(trainer.augmentations()),
        "observers measure each network by itself": bool(trainer.observers),
        "`task_patience` stops the tasks of a network one by one": trainer.task_patience
        is not None,
        f"the precision is {trainer.precision}": trainer.precision != "32-true",
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def network_refusal(members: Sequence[StackMember]) -> str | None:
    """Why the networks of members of one structure cannot be stacked, in words; None if they can."""
    first = members[0]
    reason = hooks_refusal(first.host) or _size_refusal(first.host)
    if first.part and len(first.host.sources) > 1:
        reason = f"rows of {first.part} are in several sources, of which a batch may lack one"
    if reason is not None:
        return reason
    rows = sample_rows(first)
    changing = changed_buffers(first.host, rows)
    name = type(first.host).__name__
    has_steps = any(part_has_steps(part) for own in rows.values() for part in own.inputs)
    if has_steps and (changing or _has_noise(first.host)):
        return f"{name} cuts sequences to the longest of each batch, and its noise or batch norm follows"
    if changing and min(map(_rows_of_batch, members)) < 2:
        return f"{name} has batch norm, and a member has batches of a single row"
    return trial_refusal([member.host for member in members], rows, changing)


def _rows_of_batch(member: StackMember) -> int:
    return min(member.n_rows, int(member.trainer.rows_per_batch(member.n_rows)))


def _size_refusal(network: nn.Module) -> str | None:
    """Why networks are too large to gain from training side by side; None if they are not."""
    parameters = list(network.parameters())
    numbers = sum(parameter.numel() for parameter in parameters)
    if parameters[0].device.type != "cpu" or numbers <= _MOST_OF_ONE:
        return None
    return f"networks of {numbers:,} parameters take as long side by side on a CPU"


def stacks_of(members: Sequence[StackMember]) -> tuple[list[Stack], list[tuple[StackMember, str]]]:
    """Stacks of members, and those that are trained alone, with the reason in words."""
    stacks: list[Stack] = []
    alone: list[tuple[StackMember, str]] = []
    for own in by_structure(members).values():
        reason = "no other member has a network of its structure" if len(own) == 1 else None
        reason = reason or network_refusal(own)
        if reason is not None:
            alone.extend((member, reason) for member in own)
            continue
        network = own[0].host
        changing = changed_buffers(network, sample_rows(own[0]))
        together = bool(changing) or _has_noise(network) or not network.rows_apart
        stacks.extend(Stack(part, changing, together) for part in _chunks(own))
    return stacks, alone


def by_structure(members: Iterable[StackMember]) -> dict[Hashable, list[StackMember]]:
    """Members by the structure of their networks and of their rows."""
    groups: dict[Hashable, list[StackMember]] = {}
    for member in members:
        groups.setdefault(_structure(member), []).append(member)
    return groups


def _structure(member: StackMember) -> Hashable:
    network = member.host
    tensors = [*network.named_parameters(), *network.named_buffers()]
    shapes = tuple((n, tuple(t.shape), t.dtype, t.requires_grad) for n, t in tensors)
    blocks = tuple(
        (
            *(b.name, b.kind.block_key, b.target_shape, b.score_shape, repr(b.loss), len(b.tasks)),
            *((source, len(b.tasks_in(source)), source in b.own_rows) for source in b.sources),
        )
        for b in network.blocks
    )
    return type(network), network.sources, shapes, blocks, _layers(network), member.table.shapes


def _layers(network: nn.Module) -> Hashable:
    """Classes of layers and what their names in print tell of their settings."""
    return tuple((type(layer), layer.extra_repr()) for layer in network.modules())


def _has_noise(network: nn.Module) -> bool:
    return any(isinstance(layer, nn.Dropout) and layer.p > 0 for layer in network.modules())


def sample_rows(member: StackMember) -> Batch:
    """A few training rows of a member, of every source that it has."""
    chosen = {source: rows[:_TRIAL_ROWS] for source, rows in member.train.items()}
    rows = member_batch(member.table, member.table.train, chosen, member.host)
    return {source: own.without_targets() for source, own in rows.items()}


def _chunks(members: Sequence[StackMember]) -> list[list[StackMember]]:
    """Parts of a group whose tensors fit into memory together."""
    network = members[0].host
    numbers = sum(parameter.numel() for parameter in network.parameters())
    size = min(MOST_NUMBERS // max(numbers, 1), _MOST_TASKS // len(network.tasks))
    size = max(1, size)
    n_chunks = -(-len(members) // size)
    even = -(-len(members) // n_chunks)
    return [list(members[start : start + even]) for start in range(0, len(members), even)]
