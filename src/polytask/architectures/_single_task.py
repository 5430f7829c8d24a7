"""One network per task: the baseline every joint network is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, check_parameters
from polytask.architectures._architecture import Architecture, MultiTaskModule, Raw
from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._encoder import ENCODER, Encoder, as_encoder, out_features
from polytask.architectures._inputs import ColumnInputs
from polytask.architectures._layers import INITIALIZER_RANGE, INITIALIZERS, initialize
from polytask.architectures._mlp import MLP
from polytask.architectures._replicas import Replicas
from polytask.architectures._seeded import seeded
from polytask.data import Batch, Block, Schema, make_blocks
from polytask.exceptions import ParameterError
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["SingleTask"]


@dataclass(frozen=True)
class SingleTask(Architecture):
    r"""One network per task, trained side by side as one stacked module.

    .. math:: s_k = V_k f_k(x) + b_k

    Each task has its own batches, its own stopping and its own best state. Its initial
    parameters and the order of its rows depend on the seed and its name only, so that without
    dropout a task learns the same alone or beside others.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        A recipe such as `MLP` or `ResidualMLP`, or a factory ``in_shape -> nn.Module``; every
        task gets one of its own.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.

    Raises
    ------
    ParameterError
        If a task is labelled in several sources.

    Examples
    --------
    >>> from polytask.architectures import HardSharing, MLP, SingleTask
    >>> HardSharing(MLP((64,))).single_task() == SingleTask(MLP((64,)))
    True
    """

    encoder: Encoder | Callable[..., Any] = field(default_factory=MLP)
    initializer: str | None = None

    shares: ClassVar[bool] = False
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"initializer": INITIALIZER_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "encoder": ENCODER,
        "initializer": INITIALIZERS,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build every task's network."""
        _check_one_source(schemas, tasks)
        return SingleTaskNetwork(as_encoder(self.encoder), schemas, tasks, seed, self.initializer)


def _check_one_source(schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
    for task in tasks:
        carrying = [name for name, schema in schemas.items() if task.name in schema.targets]
        if len(carrying) > 1:
            sentence = (
                f"SingleTask needs each task in one source. Task {task.name!r} is labelled in "
                f"{', '.join(carrying)}; join these sources into one table."
            )
            raise ParameterError(sentence)


def _check_widths(blocks: Sequence[Block], widths: Mapping[str, int]) -> None:
    for block in blocks:
        found = sorted({widths[name] for name in block.tasks})
        if len(found) > 1:
            sentence = (
                "The `encoder` parameter of SingleTask must give equally many features for every "
                f"source. Got {found} instead; end it with a layer of fixed width."
            )
            raise ParameterError(sentence)


class _Tower(nn.Module):
    """One task's inputs and trunk."""

    def __init__(self, encoder: Encoder, schema: Schema, initializer: str | None) -> None:
        super().__init__()
        self.inputs = ColumnInputs(schema, encoder.embedding_dim)
        stages = encoder.stages(self.inputs.out_shape)
        self.trunk = nn.Sequential(*stages)
        self.width = out_features(stages, self.inputs.out_shape)
        initialize(self, initializer)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return self.trunk(self.inputs(inputs))


class SingleTaskNetwork(MultiTaskModule):
    """The module of `SingleTask`: stacked towers of each source, heads of each block."""

    replicated = True

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        seed: int,
        initializer: str | None,
    ) -> None:
        super().__init__()
        self.blocks: tuple[Block, ...] = make_blocks(tasks, schemas)
        self.sources = tuple(schemas)
        self.tasks_of = {
            source: tuple(name for name in tasks.names if name in schema.targets)
            for source, schema in schemas.items()
        }
        self.towers = nn.ModuleList()
        widths: dict[str, int] = {}
        for source, schema in schemas.items():
            towers = [
                _seeded_tower(encoder, schema, initializer, seed, n) for n in self.tasks_of[source]
            ]
            widths.update(dict.fromkeys(self.tasks_of[source], towers[0].width))
            self.towers.append(Replicas(towers, _sample(schema)))
        _check_widths(self.blocks, widths)
        self.heads = nn.ModuleList(_seeded_heads(b, widths, initializer, seed) for b in self.blocks)

    def _tower_features(self, batch: Batch) -> dict[str, Tensor]:
        """Features of every source's tasks, (n_tasks of the source, n, h)."""
        sizes = {} if batch.sizes is None else batch.sizes
        return {
            name: towers(batch.inputs[name], sizes[name].tolist() if name in sizes else None)
            for name, towers in zip(self.sources, self.towers, strict=True)
            if name in batch.inputs
        }

    def forward(self, batch: Batch) -> Raw:
        """Raw scores (n, n_tasks, size) of every block of a replicated batch."""
        features = self._tower_features(batch)
        raw = {}
        for block, heads in zip(self.blocks, self.heads, strict=True):
            if any(source in features for source in block.sources):
                raw[block.name] = self._answer(block, heads, features)  # type: ignore[arg-type]
        return raw

    def _answer(self, block: Block, heads: BlockHeads, features: Mapping[str, Tensor]) -> Tensor:
        """Scores of a block; tasks whose source is not in the batch get 0."""
        if len(block.sources) == 1 and self.tasks_of[block.sources[0]] == block.tasks:
            return heads.replicated(features[block.sources[0]])
        by_task = {
            name: features[source][position]
            for source in block.sources
            if source in features
            for position, name in enumerate(self.tasks_of[source])
        }
        present = [position for position, name in enumerate(block.tasks) if name in by_task]
        joined = torch.stack([by_task[block.tasks[position]] for position in present])
        if len(present) == len(block.tasks):
            return heads.replicated(joined)
        scores = joined.new_zeros(joined.shape[1], len(block.tasks), block.size)
        scores[:, present] = heads.replicated(joined, present)
        return scores

    def parameter_groups(self) -> dict[frozenset[str], list[nn.Parameter]]:
        """Stacked towers for their source's tasks, heads for their block's."""
        groups: dict[frozenset[str], list[nn.Parameter]] = {}
        for source, towers in zip(self.sources, self.towers, strict=True):
            names = self.tasks_of[source]
            if towers.stacked:
                groups.setdefault(frozenset(names), []).extend(towers.parameters())
            else:
                for name, member in zip(names, towers.members, strict=True):  # type: ignore[arg-type]
                    groups.setdefault(frozenset({name}), []).extend(member.parameters())
        for block, heads in zip(self.blocks, self.heads, strict=True):
            groups.setdefault(frozenset(block.tasks), []).extend(heads.parameters())
        return groups

    def task_owned(self) -> dict[nn.Parameter, tuple[str, ...]]:
        """All stacked parameters."""
        owned = {}
        for source, towers in zip(self.sources, self.towers, strict=True):
            if towers.stacked:
                owned.update(dict.fromkeys(towers.parameters(), self.tasks_of[source]))
        for block, heads in zip(self.blocks, self.heads, strict=True):
            owned.update(dict.fromkeys(heads.parameters(), block.tasks))
        return owned

    def task_tensors(self) -> list[tuple[Tensor, tuple[str, ...], bool]]:
        """Everything: nothing is shared."""
        tensors: list[tuple[Tensor, tuple[str, ...], bool]] = []
        for source, towers in zip(self.sources, self.towers, strict=True):
            names = self.tasks_of[source]
            if towers.stacked:
                tensors.extend((tensor, names, True) for tensor in _tensors(towers))
            else:
                for name, member in zip(names, towers.members, strict=True):  # type: ignore[arg-type]
                    tensors.extend((tensor, (name,), False) for tensor in _tensors(member))
        for block, heads in zip(self.blocks, self.heads, strict=True):
            tensors.extend((tensor, block.tasks, True) for tensor in heads.parameters())
        return tensors


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _seeded_tower(
    encoder: Encoder, schema: Schema, initializer: str | None, seed: int, task: str
) -> _Tower:
    with seeded(seed, task, "tower"):
        return _Tower(encoder, schema, initializer)


def _seeded_heads(
    block: Block, widths: Mapping[str, int], initializer: str | None, seed: int
) -> BlockHeads:
    with seeded(seed):
        heads = BlockHeads(block, widths[block.tasks[0]])
    with torch.no_grad():
        for position, name in enumerate(block.tasks):
            with seeded(seed, name, "head"):
                one = nn.Linear(widths[name], block.size)
                initialize(one, initializer)
            heads.weight[position] = one.weight
            heads.bias[position] = one.bias
    return heads


def _sample(schema: Schema) -> dict[str, Tensor]:
    """Two rows of zeros in the form of the schema's arrays."""
    sample: dict[str, Tensor] = {}
    if schema.n_numeric:
        sample["numeric"] = torch.zeros(2, schema.n_numeric)
    if schema.cardinalities:
        sample["categorical"] = torch.zeros(2, len(schema.cardinalities), dtype=torch.int32)
    for name, shape in schema.tensors.items():
        sample[name] = torch.zeros(2, *shape)
    return sample
