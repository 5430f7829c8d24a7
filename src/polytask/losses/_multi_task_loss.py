"""One loss a task from a network's raw scores, in a few tensor operations a block."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.data import Batch, Block, SourceBatch
from polytask.losses._constants import block_constants
from polytask.losses._select import loss_for
from polytask.losses._shaped import shaped
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

    Attributes
    ----------
    scale : mapping of source name to float
        Factors of the losses of sources that a sampler does not draw evenly; see
        `polytask.sampling.Sampler`. {} where all are.
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
        self.scale: Mapping[str, float] = {}
        self._losses = {block.name: loss_for(block.kind, block.loss) for block in blocks}
        self._shapes = {block.name: (block.score_shape, block.target_shape) for block in blocks}
        self._constants = {
            block.name: block_constants(block, self._losses[block.name], tasks) for block in blocks
        }
        self._positions = {
            (source, block.name): torch.tensor([tasks.index(n) for n in block.tasks_in(source)])
            for block in blocks
            for source in block.sources
        }
        self._orders: dict[tuple[tuple[str, str], ...], Tensor | None] = {}
        self._of_source: dict[tuple[str, str], Mapping[str, Tensor]] = {}
        self._in_block = {
            block.name: torch.tensor(
                [block.tasks.index(n) if n in block.tasks else 0 for n in tasks.names]
            )
            for block in blocks
        }

    def to(self, device: torch.device) -> MultiTaskLoss:
        """Move the constants to a device."""
        self.expected = self.expected.to(device)
        self._positions = {name: p.to(device) for name, p in self._positions.items()}
        self._constants = {
            block: {name: constant.to(device) for name, constant in constants.items()}
            for block, constants in self._constants.items()
        }
        self._orders, self._of_source = {}, {}
        self._in_block = {name: p.to(device) for name, p in self._in_block.items()}
        return self

    def __call__(
        self, raw: Mapping[tuple[str, str], Tensor], batch: Batch
    ) -> tuple[Float[Tensor, " n_tasks"], Bool[Tensor, " n_tasks"]]:
        """Losses and whether each task has a label in the batch."""
        sums, counts = self.sums(raw, batch, self.scale)
        return sums / self.expected, counts > 0

    def sums(
        self,
        raw: Mapping[tuple[str, str], Tensor],
        batch: Batch,
        scale: Mapping[str, float] = MappingProxyType({}),
    ) -> tuple[Float[Tensor, " n_tasks"], Float[Tensor, " n_tasks"]]:
        """Weighted sums of row losses, and the weight of the labels they sum over.

        `scale` multiplies the losses of some sources.
        """
        sums, counts = [], []
        for source, name in raw:
            rows = self._rows(source, name, raw[source, name], batch[source])
            total = self._total(source, name, rows[0], batch[source])
            sums.append(total * scale[source] if source in scale else total)
            counts.append(self._total(source, name, rows[1], batch[source]))
        return self._gather(raw, batch, sums), self._gather(raw, batch, counts)

    def counts(self, batch: Batch) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task has in a batch."""
        carried = [(source, block) for source in batch for block in batch[source].targets or ()]
        totals = [
            self._total(source, name, self._counts(name, batch[source]), batch[source])
            for source, name in carried
        ]
        return self._gather(carried, batch, totals)

    def _rows(
        self, source: str, block: str, scores: Tensor, rows: SourceBatch
    ) -> tuple[Tensor, Tensor]:
        """Losses of a block's rows in one source, and how many labels each counts for."""
        targets = rows.labels(block)
        constants = self._constants_of(source, block, rows)
        score_shape, target_shape = self._shapes[block]
        losses = self._losses[block].rowwise(
            shaped(scores, score_shape),
            shaped(targets.values, target_shape),
            shaped(targets.mask, target_shape),
            constants,
        )
        counts = self._counts(block, rows)
        return torch.where(counts > 0, losses, 0.0), counts

    def _constants_of(self, source: str, block: str, rows: SourceBatch) -> Mapping[str, Tensor]:
        """Constants of the tasks that a source carries, or of each row's task."""
        constants = self._constants[block]
        if not constants:
            return constants
        if rows.task is not None:
            tasks = self._in_block[block][rows.task]
            return {name: constant[tasks] for name, constant in constants.items()}
        if (source, block) not in self._of_source:
            tasks = self._in_block[block][self._positions[source, block]]
            selected = {name: constant[tasks] for name, constant in constants.items()}
            self._of_source[source, block] = selected
        return self._of_source[source, block]

    def _counts(self, block: str, rows: SourceBatch) -> Tensor:
        return self._losses[block].counts(rows.labels(block).mask)

    def _total(self, source: str, block: str, values: Tensor, rows: SourceBatch) -> Tensor:
        """Weighted sum over rows, per task of the block in this source or per task of the set."""
        weight = rows.labels(block).weight
        values = values if weight is None else values * weight
        if rows.task is None:
            return values.sum(dim=0)
        return values.new_zeros(self.n_tasks).index_add(0, rows.task, values)

    def _gather(
        self, carried: Collection[tuple[str, str]], batch: Batch, totals: Sequence[Tensor]
    ) -> Tensor:
        """Add the totals of all sources and blocks, each at its tasks' positions."""
        whole = [
            t for pair, t in zip(carried, totals, strict=True) if batch[pair[0]].task is not None
        ]
        pairs = tuple(pair for pair in carried if batch[pair[0]].task is None)
        parts = [t for pair, t in zip(carried, totals, strict=True) if batch[pair[0]].task is None]
        if parts:
            whole.append(self._placed(pairs, parts))
        return sum(whole[1:], whole[0]) if whole else self.expected.new_zeros(self.n_tasks)

    def _placed(self, pairs: tuple[tuple[str, str], ...], parts: Sequence[Tensor]) -> Tensor:
        """Totals of the tasks that each pair of source and block carries, in the order of tasks."""
        if pairs not in self._orders:
            positions = torch.cat([self._positions[pair] for pair in pairs])
            in_order = positions.tolist() == list(range(self.n_tasks))
            self._orders[pairs] = None if in_order else positions
        joined, order = torch.cat(list(parts)), self._orders[pairs]
        if order is None:
            return joined
        return joined.new_zeros(self.n_tasks).index_add(0, order, joined)
