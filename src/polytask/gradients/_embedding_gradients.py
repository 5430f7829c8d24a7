"""Per-task gradients of an embedding table: only of the rows that the batch looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._inner_products import as_double, at_least_single, blocked_gramian
from polytask.gradients._layer_gradients import LayerGradients, Update

__all__ = ["EmbeddingGradients"]


class EmbeddingGradients(LayerGradients):
    """Gradients of an embedding table, stored for the rows that the batch looked up.

    Parameters
    ----------
    weight : tensor of shape (n_rows, width)
    nodes : sequence of nodes
        Where rows are looked up.
    """

    separable = True

    def __init__(self, weight: Tensor, nodes: Sequence[Any]) -> None:
        self.weight = weight
        self.capture_points = [GradientEdge(node, 0) for node in nodes]
        self.lookups = [(node._saved_indices.flatten(), node._saved_padding_idx) for node in nodes]  # noqa: SLF001
        self.sparse = all(node._saved_sparse for node in nodes)  # noqa: SLF001
        self.gradients: Tensor | None = None

    def describe(self) -> str:
        """The form in which the gradients are stored, for the log."""
        return "an embedding by rows looked up"

    def n_stored(self) -> int:
        """At most one row per look-up."""
        return sum(len(indices) for indices, _ in self.lookups) * self.weight.shape[1]

    def store(self, task: int, n_tasks: int, captured: Sequence[Tensor | None]) -> None:
        """Sum the signals of equal rows of the table."""
        if all(signal is None for signal in captured):
            return
        if self.gradients is None:
            self.gradients = self._allocate(n_tasks)
        for signal, rows, padding in zip(captured, self.rows, self.padding, strict=True):
            if signal is not None:
                self.gradients[task].index_add_(0, rows, self._without_padding(signal, padding))

    def store_rows(
        self, n_tasks: int, captured: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Sum the signals of equal rows of the table, each for the task of its row."""
        self.gradients = self._allocate(n_tasks)
        flat = self.gradients.flatten(0, 1)
        for signal, rows, padding in zip(captured, self.rows, self.padding, strict=True):
            if signal is not None:
                task_of_lookup = task_of_row.repeat_interleave(len(rows) // len(task_of_row))
                summands = self._without_padding(signal, padding)
                flat.index_add_(0, task_of_lookup * len(self.table_rows) + rows, summands)

    def _without_padding(self, signal: Tensor, padding: Tensor | None) -> Tensor:
        """One row of a signal per look-up, 0 at padding."""
        rows = at_least_single(signal).reshape(-1, self.weight.shape[1])
        return rows if padding is None else rows.masked_fill(padding, 0.0)

    def _allocate(self, n_tasks: int) -> Tensor:
        """Zeros for the distinct rows that were looked up, after these are determined."""
        joined = torch.cat([indices for indices, _ in self.lookups]).long()
        self.table_rows, rows = torch.unique(joined, return_inverse=True)
        self.rows = rows.split([len(indices) for indices, _ in self.lookups])
        self.padding = [
            (indices == padding)[:, None] if 0 <= padding < len(self.weight) else None
            for indices, padding in self.lookups
        ]
        shape = (n_tasks, len(self.table_rows), self.weight.shape[1])
        return at_least_single(self.weight).new_zeros(shape)

    def to_double(self) -> None:
        """Store gradients in double precision."""
        self.gradients = as_double(self.gradients)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products over the rows looked up."""
        return None if self.gradients is None else blocked_gramian(self.gradients.flatten(1))

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum in the table's shape, sparse where all look-ups are."""
        if self.gradients is None:
            return
        total = torch.tensordot(weights.to(self.gradients), self.gradients, dims=1)
        if self.sparse:
            index, shape = self.table_rows[None], self.weight.shape
            gradient = torch.sparse_coo_tensor(index, total, shape, check_invariants=False)
        else:
            gradient = torch.zeros_like(self.weight, dtype=total.dtype)
            gradient.index_copy_(0, self.table_rows, total)
        yield self.weight, gradient
