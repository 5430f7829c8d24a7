"""Losses of all tasks of a batch from a network's raw scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.data import Batch, Block
from polytask.losses._constants import block_constants
from polytask.losses._labelled_scores import Cells, cells_of
from polytask.losses._listwise_loss import ListwiseLoss
from polytask.losses._rows_together import rows_together
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

    In a `ListwiseLoss` the weights c count in the comparison of rows, too, times the factor `scale`
    of a row's source; the rows of a task are compared over all sources.

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
        self._orders: dict[tuple[tuple[str | int, ...], ...], Tensor | None] = {}
        self._selected: dict[tuple[str | int, ...], Mapping[str, Tensor]] = {}
        self._in_block = {
            block.name: torch.tensor(block.positions(tasks.names)) for block in blocks
        }
        self._of_block = {
            block.name: torch.tensor([tasks.index(name) for name in block.tasks])
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
        self._orders, self._selected = {}, {}
        self._in_block = {name: p.to(device) for name, p in self._in_block.items()}
        self._of_block = {name: p.to(device) for name, p in self._of_block.items()}
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
        sums: list[tuple[Cells, Tensor]] = []
        counts: list[tuple[Cells, Tensor]] = []
        for block in self.blocks:
            for cells in self._cells(block, raw, batch, scale):
                losses, labelled = self._rows(block.name, cells)
                sums.append((cells, losses))
                counts.append((cells, labelled))
        return self._totals(sums), self._totals(counts)

    def counts(self, batch: Batch) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task has in a batch."""
        counts: list[tuple[Cells, Tensor]] = []
        for block in self.blocks:
            masks = {
                (source, block.name): batch[source].labels(block.name).mask
                for source in block.sources
                if source in batch
            }
            carried = cells_of(block, masks, batch, self._positions, {}) if masks else []
            counts.extend((cells, self._counts(block.name, cells)) for cells in carried)
        return self._totals(counts)

    def _cells(
        self,
        block: Block,
        raw: Mapping[tuple[str, str], Tensor],
        batch: Batch,
        scale: Mapping[str, float],
    ) -> list[Cells]:
        """The cells of a block, in one tensor if its loss compares rows."""
        cells = cells_of(block, raw, batch, self._positions, scale)
        if not cells or not isinstance(self._losses[block.name], ListwiseLoss):
            return cells
        return [rows_together(cells, self._of_block[block.name], self._in_block[block.name])]

    def _rows(self, block: str, cells: Cells) -> tuple[Tensor, Tensor]:
        """Losses of rows, and how many labels each counts for, both weighted."""
        labels = self._losses[block].counts(cells.mask)
        losses = self._unweighted(block, cells, labels > 0)
        losses = torch.where(labels > 0, losses, 0.0)
        if cells.scale is not None:
            losses = losses * cells.scale
        if cells.weight is None:
            return losses, labels
        return losses * cells.weight, labels * cells.weight

    def _unweighted(self, block: str, cells: Cells, labelled: Tensor) -> Tensor:
        """Losses of rows, of any value where nothing is labelled."""
        score_shape, target_shape = self._shapes[block]
        scores = shaped(cells.scores, score_shape)
        values, mask = shaped(cells.values, target_shape), shaped(cells.mask, target_shape)
        constants, loss = self._constants_of(block, cells), self._losses[block]
        if not isinstance(loss, ListwiseLoss):
            return loss.rowwise(scores, values, mask, constants)
        if not len(scores):
            return cells.scores.sum(dim=-1)
        weight = labelled.to(scores.dtype)
        for factor in (cells.weight, cells.scale):
            weight = weight if factor is None else weight * factor
        counted = (weight > 0).view(*weight.shape, *[1] * len(score_shape))
        return loss.listwise(torch.where(counted, scores, 0.0), values, mask, weight, constants)

    def _counts(self, block: str, cells: Cells) -> Tensor:
        labels = self._losses[block].counts(cells.mask)
        return labels if cells.weight is None else labels * cells.weight

    def _constants_of(self, block: str, cells: Cells) -> Mapping[str, Tensor]:
        """Constants of each row's task, or of the columns' tasks."""
        constants = self._constants[block]
        if not constants:
            return constants
        if cells.by_row or cells.key not in self._selected:
            tasks = self._in_block[block][cells.tasks]
            selected = {name: constant[tasks] for name, constant in constants.items()}
            if cells.by_row:
                return selected
            self._selected[cells.key] = selected
        return self._selected[cells.key]

    def _totals(self, rows: Sequence[tuple[Cells, Tensor]]) -> Float[Tensor, " n_tasks"]:
        """Sums over rows, at the positions of their tasks."""
        totals = [
            values.new_zeros(self.n_tasks).index_add(0, cells.tasks, values)
            for cells, values in rows
            if cells.by_row
        ]
        columns = [(cells, values) for cells, values in rows if not cells.by_row]
        if columns:
            totals.append(self._placed(columns))
        return sum(totals[1:], totals[0]) if totals else self.expected.new_zeros(self.n_tasks)

    def _placed(self, columns: Sequence[tuple[Cells, Tensor]]) -> Float[Tensor, " n_tasks"]:
        """Sums of columns of one task each."""
        key = tuple(cells.key for cells, _ in columns)
        joined = torch.cat([values.sum(dim=0) for _, values in columns])
        if key not in self._orders:
            positions = torch.cat([cells.tasks for cells, _ in columns])
            in_order = positions.tolist() == list(range(self.n_tasks))
            self._orders[key] = None if in_order else positions
        order = self._orders[key]
        if order is None:
            return joined
        return joined.new_zeros(self.n_tasks).index_add(0, order, joined)
