"""One loss a task from a network's raw scores, in a few tensor operations a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.data import Batch, Block, BlockTargets
from polytask.losses._constants import block_constants
from polytask.losses._select import loss_for
from polytask.tasks import TaskSet

__all__ = ["MultiTaskLoss"]


class MultiTaskLoss:
    r"""Losses of all tasks of a batch, normalised by the labels expected in a batch.

    .. math:: \ell_k = \frac{1}{E_k} \sum_{i \in O_k} c_i \, \ell(s_{ik}, y_{ik})

    with task k's labelled rows :math:`O_k`, row weights c and the expected weight of its labels
    in a batch, :math:`E_k`. The mean over an epoch's batches is then the unbiased mean over
    labelled rows, however rare they are. Absent tasks hold 0, never NaN.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
        Fixes the order of the losses.
    expected : tensor of shape (n_tasks,), optional
        :math:`E_k`, positive; ones by default, which gives plain sums.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        tasks: TaskSet,
        expected: Float[Tensor, " n_tasks"] | None = None,
    ) -> None:
        self.blocks = tuple(blocks)
        self.n_tasks = len(tasks)
        self.expected = (
            torch.ones(self.n_tasks, dtype=torch.float32) if expected is None else expected
        )
        self._losses = {block.name: loss_for(block.kind, block.loss) for block in blocks}
        self._constants = {
            block.name: block_constants(block, self._losses[block.name], tasks) for block in blocks
        }
        self._positions = {
            block.name: torch.tensor([tasks.index(name) for name in block.tasks])
            for block in blocks
        }
        order = [tasks.index(name) for block in blocks for name in block.tasks]
        self._in_order = order == list(range(self.n_tasks))

    def to(self, device: torch.device) -> MultiTaskLoss:
        """Move the constants to a device."""
        self.expected = self.expected.to(device)
        self._positions = {name: p.to(device) for name, p in self._positions.items()}
        self._constants = {
            block: {name: constant.to(device) for name, constant in constants.items()}
            for block, constants in self._constants.items()
        }
        return self

    def __call__(
        self, raw: Mapping[str, Tensor], batch: Batch
    ) -> tuple[Float[Tensor, " n_tasks"], Bool[Tensor, " n_tasks"]]:
        """Losses and whether each task has a label in the batch."""
        sums, counts = self.sums(raw, batch)
        return sums / self.expected, counts > 0

    def sums(
        self, raw: Mapping[str, Tensor], batch: Batch
    ) -> tuple[Float[Tensor, " n_tasks"], Float[Tensor, " n_tasks"]]:
        """Weighted sums of row losses, and the weight of the labels they sum over."""
        parts = [
            self._block(block, raw[block.name], batch.targets[block.name])
            for block in self.blocks
            if block.name in raw
        ]
        return self._gather([p[0] for p in parts], raw), self._gather([p[1] for p in parts], raw)

    def counts(self, batch: Batch) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task has in a batch."""
        present = {name: targets.mask for name, targets in batch.targets.items()}
        parts = [
            self._total(
                block, batch.targets[block.name], self._counts(block, batch.targets[block.name])
            )
            for block in self.blocks
            if block.name in present
        ]
        return self._gather(parts, present)

    def _block(self, block: Block, scores: Tensor, targets: BlockTargets) -> tuple[Tensor, Tensor]:
        constants = self._constants[block.name]
        if targets.task is not None:
            constants = {name: constant[targets.task] for name, constant in constants.items()}
        values, mask = targets.labels()
        rows = self._losses[block.name].rowwise(scores, values, mask, constants)
        counts = self._counts(block, targets)
        rows = torch.where(counts > 0, rows, 0.0)
        return self._total(block, targets, rows), self._total(block, targets, counts)

    def _counts(self, block: Block, targets: BlockTargets) -> Tensor:
        return self._losses[block.name].counts(targets.labels()[1])

    @staticmethod
    def _total(block: Block, targets: BlockTargets, rows: Tensor) -> Tensor:
        if targets.weight is not None:
            weight = targets.weight
            rows = rows * (weight[:, None] if rows.ndim > weight.ndim else weight)
        if targets.task is None:
            return rows.sum(dim=0)
        return rows.new_zeros(len(block.tasks)).index_add(0, targets.task, rows)

    def _gather(self, parts: list[Tensor], present: Mapping[str, object]) -> Tensor:
        if self._in_order and len(parts) == len(self.blocks):
            return parts[0] if len(parts) == 1 else torch.cat(parts)
        total = self.expected.new_zeros(self.n_tasks)
        if not parts:
            return total
        positions = [self._positions[block.name] for block in self.blocks if block.name in present]
        return total.index_add(0, torch.cat(positions), torch.cat(parts))
