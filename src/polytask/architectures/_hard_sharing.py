"""One trunk for all tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, check_parameters
from polytask.architectures._architecture import Architecture, MultiTaskModule, Raw
from polytask.architectures._block_heads import make_heads
from polytask.architectures._encoder import (
    ENCODER,
    CustomEncoder,
    Encoder,
    as_encoder,
    out_features,
)
from polytask.architectures._inputs import ColumnInputs
from polytask.architectures._layers import INITIALIZER_RANGE, INITIALIZERS, initialize
from polytask.architectures._mlp import MLP
from polytask.architectures._seeded import seeded
from polytask.architectures._single_task import SingleTask
from polytask.data import Batch, Block, Schema, make_blocks
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["HardSharing"]


@dataclass(frozen=True)
class HardSharing(Architecture):
    r"""One trunk for all tasks, one linear head each.

    .. math:: s_k = V_k f(x) + b_k

    with shared trunk f and heads :math:`(V_k, b_k)`. Sources of different schemas have input
    layers of their own and meet in the trunk.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        A recipe such as `MLP` or `ResidualMLP`, or a factory ``in_shape -> nn.Module``, where
        in_shape is the shape of one encoded row, such as ``(18,)``; see `CustomEncoder`.
    initializer : str, optional
        How weight matrices are drawn (``"xavier_uniform"``, ``"kaiming_normal"``,
        ``"orthogonal"``, …); PyTorch's own way when None.

    References
    ----------
    Caruana, "Multitask learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> from polytask.architectures import HardSharing, MLP
    >>> HardSharing(encoder=MLP(widths=(256, 256), dropout=0.1)).shares
    True

    A module of one's own, by the function that builds it:

    >>> from torch import nn
    >>> HardSharing(lambda in_shape: nn.Linear(in_shape[0], 32)).shares
    True
    """

    encoder: Encoder | Callable[..., Any] = field(default_factory=MLP)
    initializer: str | None = None

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"initializer": INITIALIZER_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "encoder": ENCODER,
        "initializer": INITIALIZERS,
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> MultiTaskModule:
        """Build the trunk and the heads."""
        with seeded(seed):
            network = HardSharingNetwork(as_encoder(self.encoder), schemas, tasks)
            initialize(network, self.initializer)
        return network

    def single_task(self) -> Architecture:
        """One network per task with the same encoder."""
        return SingleTask(self.encoder, self.initializer)


class HardSharingNetwork(MultiTaskModule):
    """The module of `HardSharing`: inputs of each source, a trunk, heads of each block."""

    def __init__(self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__()
        self.blocks: tuple[Block, ...] = make_blocks(tasks, schemas)
        self.sources = tuple(schemas)
        self.rows_apart = not isinstance(encoder, CustomEncoder)
        self.tasks_of = {name: frozenset(schema.targets) for name, schema in schemas.items()}
        self.inputs = nn.ModuleList(
            ColumnInputs(s, encoder.embedding_dim) for s in schemas.values()
        )
        in_shape = self._meet([inputs.out_shape for inputs in self.inputs])  # type: ignore[misc]
        stages = encoder.stages(in_shape)
        self.trunk = nn.Sequential(*stages)
        self.heads = make_heads(self.blocks, out_features(stages, in_shape))

    def _meet(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """Let every source enter the trunk; sources meet in a common width."""
        if len(shapes) == 1:
            self.adapters = nn.ModuleList([nn.Identity()])
            return shapes[0]
        sizes = [int(torch.Size(shape).numel()) for shape in shapes]
        width = max(sizes)
        self.adapters = nn.ModuleList(
            nn.Sequential(nn.Flatten(), nn.Linear(size, width)) for size in sizes
        )
        return (width,)

    def features(self, batch: Batch) -> dict[str, Tensor]:
        """The trunk's output for the rows of every source in the batch."""
        entered = {
            name: adapter(inputs(batch.inputs[name]))
            for name, inputs, adapter in zip(self.sources, self.inputs, self.adapters, strict=True)
            if name in batch.inputs
        }
        if len(entered) == 1:
            return {name: self.trunk(rows) for name, rows in entered.items()}
        sizes = [len(rows) for rows in entered.values()]
        joined = self.trunk(torch.cat(list(entered.values())))
        return dict(zip(entered, joined.split(sizes), strict=True))

    def forward(self, batch: Batch) -> Raw:
        """Raw scores of every block that the batch has rows for."""
        return self.answer(self.features(batch), batch)

    def answer(self, features: Mapping[str, Tensor], batch: Batch) -> Raw:
        """Raw scores from the trunk's output."""
        raw = {}
        for block, heads in zip(self.blocks, self.heads, strict=True):
            rows = [features[name] for name in block.sources if name in features]
            if rows:
                joined = rows[0] if len(rows) == 1 else torch.cat(rows)
                task = batch.targets[block.name].task if block.own_rows else None
                raw[block.name] = heads(joined, task)
        return raw

    def parameter_groups(self) -> dict[frozenset[str], list[nn.Parameter]]:
        """The trunk for all tasks, inputs for their source's tasks, heads for their block's."""
        everyone = frozenset(name for block in self.blocks for name in block.tasks)
        groups: dict[frozenset[str], list[nn.Parameter]] = {everyone: list(self.trunk.parameters())}
        for name, *modules in zip(self.sources, self.inputs, self.adapters, strict=True):
            group = groups.setdefault(self.tasks_of[name], [])
            group.extend(p for module in modules for p in module.parameters())
        for block, heads in zip(self.blocks, self.heads, strict=True):
            groups.setdefault(frozenset(block.tasks), []).extend(heads.parameters())
        return groups

    def task_owned(self) -> dict[nn.Parameter, tuple[str, ...]]:
        """The heads: slice k belongs to the block's k-th task."""
        return {
            parameter: block.tasks
            for block, heads in zip(self.blocks, self.heads, strict=True)
            for parameter in heads.parameters()
        }
