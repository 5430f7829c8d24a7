"""Encoded rows per source, all of them or a batch, in numpy or torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Batch", "BlockTargets", "MixedTargets", "SourceBatch"]

Array = Any
"""numpy array or torch tensor; shapes are given for each field."""


@dataclass(frozen=True, eq=False)
class BlockTargets:
    """Labels of one block's tasks for rows of one source.

    Attributes
    ----------
    values : array
        Encoded labels, (n, n_tasks, *target_shape) of the block's tasks that the source carries,
        or (n, *target_shape) where each row has one task; float32, 0 where missing.
    mask : array
        Which cells are labelled; same shape, bool.
    weight : array or None
        Row weights, (n, n_tasks) or (n,), float32; None means one everywhere.
    """

    values: Array
    mask: Array
    weight: Array | None = None

    def map(self, function: Callable[[Array], Array]) -> BlockTargets:
        """Apply `function` to every array."""
        weight = None if self.weight is None else function(self.weight)
        return BlockTargets(function(self.values), function(self.mask), weight)


@dataclass(frozen=True, eq=False)
class MixedTargets:
    """Labels of other rows, with which the rows of a batch were mixed.

    Attributes
    ----------
    share : float
        Of each row itself, from 0 to 1.
    targets : mapping of block name to BlockTargets
        Labels of the other row, for each row.
    """

    share: float
    targets: Mapping[str, BlockTargets]

    def map(self, function: Callable[[Array], Array]) -> MixedTargets:
        """Apply `function` to every array."""
        return MixedTargets(
            self.share, {name: labels.map(function) for name, labels in self.targets.items()}
        )


@dataclass(frozen=True, eq=False)
class SourceBatch:
    """Encoded rows of one source, with labels if known.

    Attributes
    ----------
    inputs : mapping of part name to array
        Arrays of `Schema.encode` by the names of `Schema.parts`: ``"numeric"`` (n, d)
        float32, ``"categorical"`` (n, c) int32 codes with 0 = unknown, ``"tensor:NAME"`` (n, …)
        float32, and those of text, tokens and sequences; parts without columns are left out.
    task : array of shape (n,), int64, or None
        Position in the task set of each row's task, if every row has one task; 0 if unknown.
    targets : mapping of block name to BlockTargets, or None
        Labels of the source's blocks; None for rows that are only predicted.
    preference : array of shape (n_tasks,), float32, or None
        Weights of all tasks of the task set, non-negative and with sum 1, the same for every row
        and source of a batch: an input of networks that take a preference. None means equal.
    members : int, default 1
        How often `task`, `targets` and their weights hold each row of the inputs, one time after
        another: once for each member of an ensemble.
    mixture : MixedTargets, optional
        Labels of the rows with which these are mixed, in training with such an augmentation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data import BlockTargets, SourceBatch
    >>> labels = BlockTargets(np.ones((3, 2, 1)), np.ones((3, 2, 1), dtype=bool))
    >>> rows = SourceBatch({"numeric": np.zeros((3, 5))}, targets={"binary-1-0": labels})
    >>> rows.take(np.array([2, 0])).targets["binary-1-0"].values.shape
    (2, 2, 1)
    """

    inputs: Mapping[str, Array]
    task: Array | None = None
    targets: Mapping[str, BlockTargets] | None = None
    preference: Array | None = None
    members: int = 1
    mixture: MixedTargets | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(next(iter(self.inputs.values())).shape[0])

    def map(self, function: Callable[[Array], Array]) -> SourceBatch:
        """Apply `function` to every array, such as a move to a device."""
        targets = self.targets
        if targets is not None:
            targets = {name: block.map(function) for name, block in targets.items()}
        return SourceBatch(
            {name: function(array) for name, array in self.inputs.items()},
            None if self.task is None else function(self.task),
            targets,
            None if self.preference is None else function(self.preference),
            self.members,
            None if self.mixture is None else self.mixture.map(function),
        )

    def repeated(self, members: int) -> SourceBatch:
        """The same rows of tensors, with tasks and labels repeated for each member of an ensemble.

        Examples
        --------
        >>> import torch
        >>> from polytask.data import SourceBatch
        >>> rows = SourceBatch({"numeric": torch.zeros(2, 5)}, task=torch.tensor([0, 3]))
        >>> rows.repeated(2).task
        tensor([0, 0, 3, 3])
        """
        if members == 1:
            return self

        def each(array: Array) -> Array:
            return array.repeat_interleave(members, dim=0)

        targets = self.targets
        if targets is not None:
            targets = {name: block.map(each) for name, block in targets.items()}
        task = None if self.task is None else each(self.task)
        mixture = None if self.mixture is None else self.mixture.map(each)
        return replace(self, task=task, targets=targets, members=members, mixture=mixture)

    def take(self, rows: Array) -> SourceBatch:
        """Selected rows, in that order."""
        of_rows = replace(self, preference=None).map(lambda array: array[rows])
        return replace(of_rows, preference=self.preference)

    def without_targets(self) -> SourceBatch:
        """The same rows without labels, as for prediction."""
        return replace(self, targets=None, mixture=None)

    def labels(self, block: str) -> BlockTargets:
        """A block's labels; raise if the rows have none."""
        if self.targets is None:
            sentence = "These rows carry no labels."
            raise TypeError(sentence)
        return self.targets[block]


Batch = Mapping[str, SourceBatch]
"""Rows of each source by name; sources are joined only in the loss."""
