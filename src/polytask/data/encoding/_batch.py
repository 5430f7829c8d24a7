"""Encoded rows, whole or a batch of them; arrays of numpy or torch alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Batch", "BlockTargets", "EncodedSource"]

Array = Any
"""numpy array or torch tensor; shapes are given beside each field."""


@dataclass(frozen=True, eq=False)
class BlockTargets:
    """Labels of one block's tasks for some rows.

    Attributes
    ----------
    values : array or None
        Encoded labels, (n, n_tasks, c), or (n, c) where each row has one task; float32, 0 where
        missing. None for rows that are only to be predicted.
    mask : array or None
        Which cells are labelled; same shape, bool.
    task : array of shape (n,), int64, or None
        Own rows only: position of the row's task in the block, 0 where it is in another block.
    weight : array or None
        Row weights, (n,) or (n, n_tasks), float32; None means one everywhere.
    """

    values: Array | None
    mask: Array | None
    task: Array | None = None
    weight: Array | None = None

    def labels(self) -> tuple[Array, Array]:
        """Values and mask; raises for rows that are only to be predicted."""
        if self.values is None or self.mask is None:
            sentence = "These rows carry no labels."
            raise TypeError(sentence)
        return self.values, self.mask

    def take(self, rows: Array) -> BlockTargets:
        """The labels of some rows, in that order."""
        return self.map(lambda array: array[rows])

    def map(self, function: Callable[[Array], Array]) -> BlockTargets:
        """Apply `function` to every array."""
        fields = (self.values, self.mask, self.task, self.weight)
        return BlockTargets(*(None if field is None else function(field) for field in fields))


@dataclass(frozen=True, eq=False)
class EncodedSource:
    """A source's rows as a network takes them.

    Attributes
    ----------
    inputs : mapping of str to array
        What `Schema.encode` gives: ``"numeric"`` (n, d) float32, ``"categorical"`` (n, c) int32
        codes with 0 = unknown, and ``"tensor:NAME"`` (n, …) float32; parts without columns are
        left out.
    targets : mapping of block name to BlockTargets
        Only blocks that this source carries.
    n_rows : int
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, BlockTargets]
    n_rows: int

    def map(self, function: Callable[[Array], Array]) -> EncodedSource:
        """Apply `function` to every array, such as a move to a device."""
        return replace(
            self,
            inputs={name: function(array) for name, array in self.inputs.items()},
            targets={name: block.map(function) for name, block in self.targets.items()},
        )

    def take(self, rows: Array) -> EncodedSource:
        """Some of the rows, in that order."""
        inputs = {name: array[rows] for name, array in self.inputs.items()}
        targets = {name: block.take(rows) for name, block in self.targets.items()}
        return EncodedSource(inputs, targets, len(rows))


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of one or several sources, as a network and its losses take them.

    Attributes
    ----------
    inputs : mapping of source name to mapping of str to array
        Encoded inputs as in `EncodedSource`. In a *replicated* batch, where each task has rows
        of its own drawn, every array carries a leading axis over the source's tasks.
    targets : mapping of block name to BlockTargets
        Rows of the block's sources one after another, in the block's order of sources; dense in
        a replicated batch, where row i of task k is the i-th row drawn for that task.
    replicated : bool
    sizes : mapping of source name to array of shape (n_tasks,), int64, or None
        Replicated only: how many of the rows drawn for each of the source's tasks count; those
        behind them fill up and have no label. None means all.
    """

    inputs: Mapping[str, Mapping[str, Array]]
    targets: Mapping[str, BlockTargets]
    replicated: bool = False
    sizes: Mapping[str, Array] | None = None

    @classmethod
    def of(
        cls,
        sources: Mapping[str, EncodedSource],
        concatenate: Callable[[Sequence[Array]], Array],
    ) -> Batch:
        """Join the rows of several sources; `concatenate` joins arrays along their first axis."""
        inputs = {name: source.inputs for name, source in sources.items()}
        parts: dict[str, list[BlockTargets]] = {}
        for source in sources.values():
            for name, block in source.targets.items():
                parts.setdefault(name, []).append(block)
        joined = {name: _joined(blocks, concatenate) for name, blocks in parts.items()}
        return cls(inputs, joined)


def _joined(
    parts: list[BlockTargets], concatenate: Callable[[Sequence[Array]], Array]
) -> BlockTargets:
    if len(parts) == 1:
        return parts[0]

    def field(name: str) -> Array | None:
        arrays = [getattr(part, name) for part in parts]
        absent = sum(array is None for array in arrays)
        if 0 < absent < len(arrays):
            sentence = f"Some of the sources of a block carry its {name} and others do not."
            raise TypeError(sentence)
        return None if absent else concatenate(arrays)

    return BlockTargets(field("values"), field("mask"), field("task"), field("weight"))
