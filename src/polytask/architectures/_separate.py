"""Networks of one architecture, one per task: the twin of a joint network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, check_parameters, message
from polytask.architectures._alone import Alone, schemas_alone
from polytask.architectures._architecture import Architecture
from polytask.architectures._copies import Copies
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._overrides import overrides
from polytask.architectures._places import places_among
from polytask.architectures._row_groups import group_rows
from polytask.data import Batch, Bins, Block, Schema, SourceBatch, Tokenizer
from polytask.encoders._encoder import sample_of
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["Separate"]


@dataclass(frozen=True)
class Separate(Architecture):
    """One network of an architecture per task, built and trained for that task alone.

    It is the single-task twin of a joint network: equal in capacity per task, sharing nothing.
    Where the joint network is better than its twin, sharing is what helps; where it is only
    better than `SingleTask`, it may be the larger network.

    Each task has its own batches, its own stopping and its own best state. Its initial
    parameters, the order of its rows and the noise of dropout depend on the seed and its name only.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
        One whose tasks share parameters.

    Examples
    --------
    >>> from polytask.architectures import HardSharing, Separate
    >>> from polytask.encoders import MLP
    >>> HardSharing(MLP((64,))).twin() == Separate(HardSharing(MLP((64,))))
    True
    >>> Separate(HardSharing()).name
    'separate(hard_sharing)'
    """

    architecture: Architecture = field(default_factory=HardSharing)

    shares: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "architecture": InstanceOf((Architecture,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.architecture.shares:
            expected = "an Architecture whose tasks share parameters"
            remedy = "This one learns each task alone already; use it directly."
            got = message("Separate", "architecture", expected, self.architecture, remedy)
            raise ParameterError(got)

    @property
    def name(self) -> str:
        """Name in tables, with that of the architecture."""
        return f"separate({self.architecture.name})"

    @property
    def encoder_name(self) -> str | None:
        """That of the architecture."""
        return self.architecture.encoder_name

    @property
    def training(self) -> Mapping[str, Any]:
        """What suits the architecture."""
        return self.architecture.training

    @property
    def tuned(self) -> tuple[str, ...]:
        """What the architecture names."""
        return self.architecture.tuned

    @property
    def bins(self) -> Bins | None:
        """Those of the architecture."""
        return self.architecture.alone().bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the architecture."""
        return self.architecture.alone().tokenizer

    def refuses(self, tasks: TaskSet) -> str | None:
        """What the architecture says of a task alone."""
        alone = self.architecture.alone()
        reasons = (alone.refuses(tasks.subset([name])) for name in tasks.names)
        return next((reason for reason in reasons if reason is not None), None)

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build every task's network."""
        alone = self.architecture.alone()
        return SeparateNetwork(partial(Alone, alone, tasks, seed), schemas, tasks)


class SeparateNetwork(MultiTaskModule):
    """The module of `Separate`: the networks of equal tasks, stacked where that is possible.

    Parameters
    ----------
    make : callable
        ``make(name, schemas)`` is the network of a task in these sources, from the inputs of one to
        its scores. Like `Alone`, it has a `network`, whose penalties are its own, and the network as it
        is `trained`.
    schemas : mapping of source name to Schema
    tasks : TaskSet
    """

    apart = True

    def __init__(
        self,
        make: Callable[[str, Mapping[str, Schema]], Any],
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
    ) -> None:
        super().__init__(schemas, tasks)
        self._make, self._schemas = make, dict(schemas)
        self.groups = list(_equal_tasks(self.blocks))
        self.networks = nn.ModuleList()
        for group in self.groups:
            alone = [make(name, {s: schemas[s] for s in group.sources}) for name in group.names]
            self.n_members = alone[0].network.n_members
            self.rows_at_once = alone[0].network.rows_at_once
            together = not any(has_hooks(member.network) for member in alone)
            source, names = group.sources[0], group.names
            sample = sample_of(schemas[source].parts)
            self.networks.append(
                Copies(alone, sample, apart=True, tasks=names, together=together, source=source)
            )

    def forward(self, batch: Batch) -> Raw:
        """Raw scores of every source and block."""
        raw: Raw = {}
        for group, copies in zip(self.groups, self.networks, strict=True):
            for source in (name for name in group.sources if name in batch):
                rows, key = batch[source], (source, group.block.name)
                if rows.task is not None:
                    raw[key] = self._own_scores(group, copies, source, rows, raw.get(key))  # type: ignore[arg-type]
                    continue
                carried = group.block.tasks_in(source)
                scores = copies(rows.inputs, apart=False, source=source).transpose(0, 1)
                if len(group.names) < len(carried):
                    columns = [carried.index(name) for name in group.names]
                    whole = raw.get(key)
                    if whole is None:
                        whole = scores.new_zeros(len(scores), len(carried), *scores.shape[2:])
                    index = torch.tensor(columns, device=scores.device)
                    scores = whole.index_copy(1, index, scores)
                raw[key] = scores
        return raw

    def _own_scores(
        self, group: _Group, copies: Copies, source: str, rows: SourceBatch, others: Tensor | None
    ) -> Tensor:
        """Scores (n, size) of rows of one task each, of which some are scored by other groups."""
        task: Any = rows.task
        own = torch.tensor([self.tasks.index(name) for name in group.names], device=task.device)
        chosen = torch.nonzero(torch.isin(task[:: rows.members], own)).flatten()
        place = places_among(own.tolist(), len(self.tasks), task.device)[task]
        of_rows = group_rows(place[:: rows.members][chosen], len(own))
        inputs = {part: of_rows.gather(array[chosen]) for part, array in rows.inputs.items()}
        scores = copies(inputs, of_rows.sizes, source=source)
        if rows.members > 1:
            members = torch.arange(rows.members, device=task.device)
            chosen = (chosen[:, None] * rows.members + members).flatten()
            of_rows = group_rows(place[chosen], len(own))
        whole = scores.new_zeros(len(task), *scores.shape[2:]) if others is None else others
        return whole.index_copy(0, chosen, of_rows.scatter(scores))

    def of_task(self, name: str) -> MultiTaskModule:
        """The network that the architecture has of one task."""
        group = next(group for group in self.groups if name in group.names)
        schemas = schemas_alone({s: self._schemas[s] for s in group.sources}, [name])
        network: MultiTaskModule = self._make(name, schemas).trained()
        return network


@dataclass(frozen=True)
class _Group:
    """Tasks whose networks have one structure: of one block, in the same sources."""

    block: Block
    names: tuple[str, ...]
    sources: tuple[str, ...]


def _equal_tasks(blocks: Sequence[Block]) -> Iterator[_Group]:
    for block in blocks:
        by_sources: dict[tuple[str, ...], list[str]] = {}
        for name in block.tasks:
            sources = tuple(s for s in block.sources if name in block.tasks_in(s))
            by_sources.setdefault(sources, []).append(name)
        for sources, names in by_sources.items():
            yield _Group(block, tuple(names), sources)


def has_hooks(network: MultiTaskModule) -> bool:
    """Whether a network has penalties or updates, which act on parameters of its own."""
    return overrides(network, "penalty", "batch_penalty", "proximal_step", "refit")
