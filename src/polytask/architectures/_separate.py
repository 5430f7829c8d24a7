"""Networks of one architecture, one per task: the twin of a joint network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask._validation import Constraint, InstanceOf, check_parameters, message
from polytask.architectures._architecture import Architecture
from polytask.architectures._copies import Copies
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.data import Batch, Block, BlockTargets, Schema, SourceBatch
from polytask.encoders import State
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
    parameters depend on the seed and its name only.

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

    def refuses(self, tasks: TaskSet) -> str | None:
        """What the architecture says of a task alone."""
        alone = (self.architecture.refuses(tasks.subset([name])) for name in tasks.names)
        return next((reason for reason in alone if reason is not None), None)

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build every task's network."""
        return SeparateNetwork(self.architecture, schemas, tasks, seed)


class SeparateNetwork(MultiTaskModule):
    """The module of `Separate`: the networks of equal tasks, stacked where that is possible."""

    replicated = True

    def __init__(
        self,
        architecture: Architecture,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        seed: int,
    ) -> None:
        super().__init__(schemas, tasks)
        self.groups: list[_Group] = []
        self.networks = nn.ModuleList()
        for block, names, sources in _equal_tasks(self.blocks):
            alone = [_Alone(architecture, schemas, tasks, name, sources, seed) for name in names]
            self.groups.append(_Group(block, names, sources))
            together = not any(_has_hooks(member.network) for member in alone)
            sample = sample_of(schemas[sources[0]].parts)
            self.networks.append(
                Copies(alone, sample, apart=True, tasks=names, together=together, source=sources[0])
            )

    def forward(self, batch: Batch) -> Raw:
        """Raw scores (n, n_tasks, size) of every source and block of a replicated batch."""
        by_task: dict[tuple[str, str], dict[str, Tensor]] = {}
        for group, copies in zip(self.groups, self.networks, strict=True):
            for source in group.sources:
                if source in batch:
                    scores = self._scores(group, copies, source, batch[source])  # type: ignore[arg-type]
                    by_task.setdefault((source, group.block.name), {}).update(
                        zip(group.names, scores, strict=True)
                    )
        blocks = {block.name: block for block in self.blocks}
        return {
            (source, block): torch.stack([own[n] for n in blocks[block].tasks_in(source)], dim=1)
            for (source, block), own in by_task.items()
        }

    def _scores(self, group: _Group, copies: Copies, source: str, rows: SourceBatch) -> Tensor:
        """Scores (n_tasks, n, size) of a group's tasks."""
        positions = [self.tasks_in(source).index(name) for name in group.names]
        inputs = {name: part[positions] for name, part in rows.inputs.items()}
        sizes = None if rows.sizes is None else rows.sizes[positions].tolist()
        if sizes is not None and not any(sizes):
            some = next(iter(inputs.values()))
            shape = (len(positions), rows.n_rows, group.block.size)
            return torch.zeros(shape, device=some.device)
        scores: Tensor = copies(inputs, sizes, source=source)
        return scores

    def penalty(self) -> Float[Tensor, ""]:
        """The sum of the networks' penalties."""
        terms = [network.penalty() for _, _, network in self._apart()]
        return torch.stack(terms).sum() if terms else super().penalty()

    def batch_penalty(
        self, features: Mapping[str, State], raw: Raw, batch: Batch
    ) -> Float[Tensor, ""] | None:
        """The sum of the networks' penalties of their own rows."""
        del features
        terms = []
        for group, name, network in self._apart():
            if type(network).batch_penalty is not MultiTaskModule.batch_penalty:
                rows, scores = self._of_task(group, name, network, raw, batch)
                own = network.batch_penalty(network.features(rows) or {}, scores, rows)
                terms += [] if own is None or not rows else [own]
        return torch.stack(terms).sum() if terms else None

    def _of_task(
        self, group: _Group, name: str, network: MultiTaskModule, raw: Raw, batch: Batch
    ) -> tuple[Batch, Raw]:
        """A task's rows of a replicated batch and their scores, as its own network has them."""
        (block,) = network.blocks
        own_rows, own_scores = {}, {}
        for source in group.sources:
            rows = batch.get(source)
            position = self.tasks_in(source).index(name)
            n_rows = 0 if rows is None or rows.sizes is None else int(rows.sizes[position])
            if rows is not None and n_rows:
                column = group.block.tasks_in(source).index(name)
                inputs = {n: part[position, :n_rows] for n, part in rows.inputs.items()}
                labels = None if rows.targets is None else rows.targets.get(group.block.name)
                targets = None if labels is None else {block.name: _column(labels, column, n_rows)}
                own_rows[source] = SourceBatch(inputs, targets=targets)
                scores = raw[source, group.block.name]
                own_scores[source, block.name] = scores[:n_rows, column : column + 1]
        return own_rows, own_scores

    def proximal_step(self, step: float) -> None:
        """Every network's proximal step."""
        for _, _, network in self._apart():
            network.proximal_step(step)

    def refit(self) -> None:
        """Update what every network learns in closed form."""
        for _, _, network in self._apart():
            network.refit()

    def _apart(self) -> Iterator[tuple[_Group, str, MultiTaskModule]]:
        """Networks that run one after another, as all do that have penalties or the like."""
        for group, copies in zip(self.groups, self.networks, strict=True):
            if not copies.stacked:
                for name, member in zip(group.names, copies.members, strict=True):  # type: ignore[arg-type]
                    yield group, name, member.network


@dataclass(frozen=True)
class _Group:
    """Tasks whose networks have one structure: of one block, in the same sources."""

    block: Block
    names: tuple[str, ...]
    sources: tuple[str, ...]


def _equal_tasks(
    blocks: Sequence[Block],
) -> Iterator[tuple[Block, tuple[str, ...], tuple[str, ...]]]:
    for block in blocks:
        by_sources: dict[tuple[str, ...], list[str]] = {}
        for name in block.tasks:
            sources = tuple(s for s in block.sources if name in block.tasks_in(s))
            by_sources.setdefault(sources, []).append(name)
        for sources, names in by_sources.items():
            yield block, tuple(names), sources


class _Alone(nn.Module):
    """A task's network, from the inputs of one source to its scores (n, size)."""

    def __init__(
        self,
        architecture: Architecture,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        name: str,
        sources: Sequence[str],
        seed: int,
    ) -> None:
        super().__init__()
        own = {source: _of_one_task(schemas[source], name) for source in sources}
        self.network = architecture.build(own, tasks.subset([name]), derived_seed(seed, name))

    def forward(self, inputs: Mapping[str, Tensor], source: str) -> Tensor:
        (block,) = self.network.blocks
        scores: Tensor = self.network({source: SourceBatch(inputs)})[source, block.name]
        return scores[:, 0]


def _of_one_task(schema: Schema, name: str) -> Schema:
    return replace(schema, targets={name: schema.targets[name]}, task_column=None, own_rows=False)


def _has_hooks(network: MultiTaskModule) -> bool:
    """Whether a network has penalties or updates, which act on parameters of its own."""
    hooks = ("penalty", "batch_penalty", "proximal_step", "refit")
    return any(getattr(type(network), hook) is not getattr(MultiTaskModule, hook) for hook in hooks)


def _column(labels: BlockTargets, column: int, n_rows: int) -> BlockTargets:
    return labels.map(lambda array: array[:n_rows, column : column + 1])
