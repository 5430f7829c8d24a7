"""Networks of one architecture, one per task: the twin of a joint network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, check_parameters, message
from polytask.architectures._alone import Alone, Pass, Scores, rows_of_task
from polytask.architectures._architecture import Architecture
from polytask.architectures._copies import Copies
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.data import Batch, Bins, Block, Schema, SourceBatch, Tokenizer
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
        return SeparateNetwork(
            lambda name, sources: Alone(alone, schemas, tasks, name, sources, seed), schemas, tasks
        )


class SeparateNetwork(MultiTaskModule):
    """The module of `Separate`: the networks of equal tasks, stacked where that is possible.

    Parameters
    ----------
    make : callable
        ``make(name, sources)`` is the network of a task, from the inputs of one source to its
        scores, with what `Alone` has: `network`, `block`, `penalizes` and, if that, `passed`.
    schemas : mapping of source name to Schema
    tasks : TaskSet
    """

    replicated = True

    def __init__(
        self,
        make: Callable[[str, Sequence[str]], Any],
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
    ) -> None:
        super().__init__(schemas, tasks)
        self.groups: list[_Group] = []
        self.networks = nn.ModuleList()
        for block, names, sources in _equal_tasks(self.blocks):
            alone = [make(name, sources) for name in names]
            penalized = any(member.penalizes for member in alone)
            self.groups.append(_Group(block, names, sources, penalized))
            self.n_members = alone[0].network.n_members
            self.rows_at_once = alone[0].network.rows_at_once
            together = not any(_has_hooks(member.network) for member in alone)
            sample = sample_of(schemas[sources[0]].parts)
            self.networks.append(
                Copies(alone, sample, apart=True, tasks=names, together=together, source=sources[0])
            )

    def forward(self, batch: Batch) -> Raw:
        """Raw scores (n, n_tasks, size) of every source and block of a replicated batch."""
        by_task: dict[tuple[str, str], dict[str, Tensor]] = {}
        passes: dict[str, Pass] = {}
        for group, copies in zip(self.groups, self.networks, strict=True):
            own = self._passes(group, copies, batch) if group.penalized else {}  # type: ignore[arg-type]
            passes |= own
            for source in (name for name in group.sources if name in batch):
                scores: Iterable[Tensor] = (
                    [_padded(own.get(n), source, batch[source], group.block) for n in group.names]
                    if group.penalized
                    else self._scores(group, copies, source, batch[source])  # type: ignore[arg-type]
                )
                by_task.setdefault((source, group.block.name), {}).update(
                    zip(group.names, scores, strict=True)
                )
        blocks = {block.name: block for block in self.blocks}
        raw = {
            (source, block): torch.stack([own[n] for n in blocks[block].tasks_in(source)], dim=1)
            for (source, block), own in by_task.items()
        }
        return Scores(raw, passes)

    def _scores(self, group: _Group, copies: Copies, source: str, rows: SourceBatch) -> Tensor:
        """Scores (n_tasks, n, size) of a group's tasks."""
        positions = [self.tasks_in(source).index(name) for name in group.names]
        inputs = {name: part[positions] for name, part in rows.inputs.items()}
        sizes = None if rows.sizes is None else rows.sizes[positions].tolist()
        if sizes is not None and not any(sizes):
            return torch.stack([_padded(None, source, rows, group.block)] * len(positions))
        scores: Tensor = copies(inputs, sizes, source=source)
        return scores

    def _passes(self, group: _Group, copies: Copies, batch: Batch) -> dict[str, Pass]:
        """A pass of each network over its task's rows, by the tasks that have any."""
        passes = {}
        for name, member in zip(group.names, cast("Iterable[Alone]", copies.members), strict=True):
            rows = self._rows_of(group, name, member.block.name, batch)
            if rows:
                passes[name] = member.passed(rows)
        return passes

    def _rows_of(self, group: _Group, name: str, own_block: str, batch: Batch) -> Batch:
        """A task's rows of a replicated batch, of the sources in which it has any."""
        own = {}
        for source in (known for known in group.sources if known in batch):
            position = self.tasks_in(source).index(name)
            column = group.block.tasks_in(source).index(name)
            names = (group.block.name, own_block)
            own[source] = rows_of_task(batch[source], position, column, names)
        return {source: rows for source, rows in own.items() if rows is not None}

    def strengths(self) -> Mapping[str, float]:
        """Those of the networks, which are alike."""
        return next((network.strengths() for network in self._apart()), {})

    def penalty(self) -> Float[Tensor, ""]:
        """The sum of the networks' penalties."""
        terms = [network.penalty() for network in self._apart()]
        return torch.stack(terms).sum() if terms else super().penalty()

    @property
    def has_batch_penalty(self) -> bool:
        """Whether a network of a task has one."""
        return any(group.penalized for group in self.groups)

    def batch_penalty(
        self, features: Mapping[str, State], raw: Raw, batch: Batch
    ) -> Float[Tensor, ""] | None:
        """The sum of the networks' penalties of their own rows, from the pass that scored them.

        Scores that do not come from `forward` as they are do not hold it, and are computed anew.
        """
        del features
        if not self.has_batch_penalty:
            return None
        scores = raw if isinstance(raw, Scores) else self(batch)
        networks = {
            name: member.network
            for group, copies in zip(self.groups, self.networks, strict=True)
            if group.penalized
            for name, member in zip(group.names, copies.members, strict=True)  # type: ignore[arg-type]
        }
        terms = [
            networks[name].batch_penalty(own.features, own.raw, own.rows)
            for name, own in scores.passes.items()
        ]
        given = [term for term in terms if term is not None]
        return torch.stack(given).sum() if given else None

    def proximal_step(self, step: float) -> None:
        """Every network's proximal step."""
        for network in self._apart():
            network.proximal_step(step)

    def refit(self) -> None:
        """Update what every network learns in closed form."""
        for network in self._apart():
            network.refit()

    def _apart(self) -> Iterator[MultiTaskModule]:
        """Networks that run one after another, as all do that have penalties or the like."""
        for copies in self.networks:
            if not copies.stacked:
                for member in copies.members:  # type: ignore[union-attr]
                    yield member.network


@dataclass(frozen=True)
class _Group:
    """Tasks whose networks have one structure: of one block, in the same sources."""

    block: Block
    names: tuple[str, ...]
    sources: tuple[str, ...]
    penalized: bool


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


def _padded(own: Pass | None, source: str, rows: SourceBatch, block: Block) -> Tensor:
    """A task's scores (n, size) of a source's rows; 0 for those that it has not."""
    some = next(iter(rows.inputs.values()))
    n_rows = some.shape[1] * rows.members
    if own is None or source not in own.rows:
        return torch.zeros(n_rows, block.size, device=some.device)
    scores = own.scores(source)
    return nn.functional.pad(scores, [0, 0] * (scores.ndim - 1) + [0, n_rows - len(scores)])


def _has_hooks(network: MultiTaskModule) -> bool:
    """Whether a network has penalties or updates, which act on parameters of its own."""
    hooks = ("penalty", "batch_penalty", "proximal_step", "refit")
    return any(getattr(type(network), hook) is not getattr(MultiTaskModule, hook) for hook in hooks)
