"""One network per task: the baseline every joint network is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, check_parameters
from polytask.architectures._alone import schemas_alone
from polytask.architectures._architecture import Architecture
from polytask.architectures._copied_inputs import map_tensors
from polytask.architectures._copies import Copies
from polytask.architectures._heads import Heads
from polytask.architectures._inputs import Inputs
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._places import places_among
from polytask.architectures._row_groups import group_rows
from polytask.architectures._seeded import seeded
from polytask.architectures._stages import Stages
from polytask.data import Batch, Bins, Block, Schema, SourceBatch, Tokenizer
from polytask.encoders import MLP, Encoder, State, mean_pool
from polytask.encoders._custom_encoder import ENCODER, as_encoder, resolve_encoder
from polytask.encoders._encoder import sample_of
from polytask.encoders._layers import INITIALIZER_RANGE, INITIALIZERS, initialize
from polytask.encoders._pooling import pooled_width
from polytask.exceptions import ParameterError
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["SingleTask"]


@dataclass(frozen=True)
class SingleTask(Architecture):
    r"""One network per task, each a member of a population with that task alone.

    .. math:: s_k = V_k f_k(x) + b_k

    Each task has its own batches, its own stopping and its own best state. Its initial
    parameters, the order of its rows and the noise of dropout depend on the seed and its name only,
    so that a task learns the same alone or beside others.

    Parameters
    ----------
    encoder : Encoder, callable or str, default MLP()
        A recipe of `polytask.encoders`, its name, or a factory ``shape -> nn.Module``; every task
        gets one of its own.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.

    Raises
    ------
    ParameterError
        If the encoder gives features of several widths for the sources.

    Examples
    --------
    >>> from polytask.architectures import HardSharing, SingleTask
    >>> from polytask.encoders import MLP
    >>> HardSharing(MLP((64,))).single_task() == SingleTask(MLP((64,)))
    True
    """

    encoder: Encoder | Callable[..., Any] | str = field(default_factory=MLP)
    initializer: str | None = None

    shares: ClassVar[bool] = False
    by_name: ClassVar[tuple[str, ...]] = ("encoder",)
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"initializer": INITIALIZER_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "encoder": ENCODER,
        "initializer": INITIALIZERS,
    }

    def __post_init__(self) -> None:
        resolve_encoder(self)
        check_parameters(self)

    @property
    def bins(self) -> Bins | None:
        """Those that the encoder needs."""
        return as_encoder(self.encoder).bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the encoder."""
        return as_encoder(self.encoder).tokenizer

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build every task's network."""
        return SingleTaskNetwork(as_encoder(self.encoder), schemas, tasks, seed, self.initializer)


class SingleTaskNetwork(MultiTaskModule):
    """The module of `SingleTask`: stacked towers of each group of sources, heads of each block.

    Sources that carry a task in common form a group: the task's tower has an entry for each.
    """

    apart = True

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        seed: int,
        initializer: str | None,
    ) -> None:
        super().__init__(schemas, tasks)
        self.n_members, self.rows_at_once = encoder.members, encoder.rows_at_once
        self._encoder, self._schemas = encoder, dict(schemas)
        self.tasks_of = {source: self.tasks_in(source) for source in schemas}
        self.groups = _groups(self.tasks_of)
        self.towers = nn.ModuleList()
        self.keeps_places = any(block.has_places for block in self.blocks)
        shapes: dict[str, tuple[int, ...]] = {}
        for group in self.groups:
            of_group = {source: schemas[source] for source in group}
            names = [n for n in tasks.names if any(n in self.tasks_of[s] for s in group)]
            towers = [_seeded_tower(encoder, of_group, initializer, seed, n) for n in names]
            for tower in towers:
                tower.keeps_places = self.keeps_places
            shapes.update(dict.fromkeys(names, towers[0].shape))
            sample = sample_of(schemas[group[0]].parts)
            towers_of_group = Copies(towers, sample, apart=True, tasks=names, source=group[0])
            self.towers.append(towers_of_group)
        self.heads = _seeded_heads(self.blocks, tasks, shapes, initializer, seed, self.n_members)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Features of every source's tasks, (n_tasks of the source, n, h), or of all their steps.

        They are (n, h) where each row has one task.
        """
        features = {}
        for group, towers in zip(self.groups, self.towers, strict=True):
            for source in group:
                if source in batch:
                    features[source] = self._tower_features(towers, source, batch[source])  # type: ignore[arg-type]
        return features

    def _tower_features(self, towers: Copies, source: str, rows: SourceBatch) -> State:
        names = self.tasks_of[source]
        chosen = None if names == towers.tasks else [towers.tasks.index(name) for name in names]
        if rows.task is None:
            return _state(towers(rows.inputs, None, chosen, apart=False, source=source))
        places = [self.tasks.index(name) for name in names]
        place = places_among(places, len(self.tasks), rows.task.device)[rows.task]
        groups = group_rows(place[:: rows.members], len(names))
        inputs = {part: groups.gather(array) for part, array in rows.inputs.items()}
        own = _state(towers(inputs, groups.sizes, chosen, source=source))
        if rows.members > 1:
            groups = group_rows(place, len(names))
        return map_tensors(own, groups.scatter)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores of every source and block."""
        return self.heads(features, batch)

    def of_task(self, name: str) -> MultiTaskModule:
        """The network that `HardSharing` has of one task."""
        group = next(g for g in self.groups if any(name in self.tasks_of[s] for s in g))
        schemas = schemas_alone({source: self._schemas[source] for source in group}, [name])
        return self._shared(name, schemas, [name])

    def host(self, name: str, names: Sequence[str]) -> MultiTaskModule | None:
        """The network that `HardSharing` has of several tasks of one source."""
        sources = [source for source, own in self.tasks_of.items() if set(names) <= set(own)]
        if len(sources) != 1 or sources not in self.groups:
            return None
        schemas = schemas_alone({source: self._schemas[source] for source in sources}, names)
        return self._shared(name, schemas, names)

    def _shared(
        self, name: str, schemas: Mapping[str, Schema], names: Sequence[str]
    ) -> MultiTaskModule:
        """The network that `HardSharing` has of some tasks, with the entry of one."""
        # Here, since the recipe of `HardSharing` names this file's.
        from polytask.architectures._hard_sharing import HardSharingNetwork

        with seeded(0):
            inputs = Inputs(self._encoder, schemas, "SingleTask", [name])
            network = HardSharingNetwork(self._encoder, schemas, self.tasks.subset(names), inputs)
        network.rows_at_once = self.rows_at_once
        return network


def _groups(tasks_of: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Sources gathered so that no task has some in two groups."""
    groups: list[list[str]] = []
    for source, names in tasks_of.items():
        joined = [g for g in groups if any(set(tasks_of[s]) & set(names) for s in g)]
        kept = [group for group in groups if group not in joined]
        groups = [*kept, [*(s for group in joined for s in group), source]]
    return groups


def _state(features: Tensor | State) -> State:
    return features if isinstance(features, State) else State(features)


class _Tower(nn.Module):
    """One task's entries, one for each source that carries it, and its trunk."""

    keeps_places: bool = False

    def __init__(
        self, encoder: Encoder, schemas: Mapping[str, Schema], initializer: str | None, task: str
    ) -> None:
        super().__init__()
        entries = Inputs(encoder, schemas, "SingleTask", [task])
        self.sources = entries.sources
        self.inputs = entries[0] if len(schemas) == 1 else entries
        self.trunk = Stages(encoder, entries)
        self.shape = self.trunk.shape
        initialize(self, initializer)

    def forward(self, inputs: Mapping[str, Tensor], source: str) -> Tensor | State:
        entry: Any = self.inputs
        if len(self.sources) > 1:
            entry = entry[self.sources.index(source)]
        state = self.trunk.of(entry, inputs)
        return state if self.keeps_places else mean_pool(state)


def _seeded_tower(
    encoder: Encoder, schemas: Mapping[str, Schema], initializer: str | None, seed: int, task: str
) -> _Tower:
    with seeded(seed, task, "tower"):
        return _Tower(encoder, schemas, initializer, task)


def _seeded_heads(
    blocks: Sequence[Block],
    tasks: TaskSet,
    shapes: Mapping[str, tuple[int, ...]],
    initializer: str | None,
    seed: int,
    members: int,
) -> Heads:
    """Heads whose every slice is drawn by the seed and the task's name alone."""
    widths = {name: pooled_width(shape) for name, shape in shapes.items()}
    for block in blocks:
        several = sorted({widths[name] for name in block.tasks})
        if len(several) > 1:
            sentence = (
                "The `encoder` parameter of SingleTask must give equally many features for every "
                f"source. Got {several} instead; end it with a layer of fixed width."
            )
            raise ParameterError(sentence)
    of_blocks = {
        block.name: shapes[first] if block.has_places else (widths[first],)
        for block in blocks
        for first in block.tasks[:1]
    }
    with seeded(seed):
        heads = Heads(blocks, tasks, of_blocks, per_task=True, members=members)
    stacked: Any
    for block, stacked in zip(blocks, heads, strict=True):
        for position, name in enumerate(block.tasks):
            with seeded(seed, name, "head"):
                own = nn.ModuleList(
                    nn.Linear(widths[name], block.head_size) for _ in range(members)
                )
                initialize(own, initializer)
            with torch.no_grad():
                stacked.place(position, own)
    return heads
