"""Embedding tables: only the rows that were looked up have gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.graph import GradientEdge

from polytask.gradients._parts import Part, Update, doubled, exact, inner_products

__all__ = ["EmbeddingPart"]


class EmbeddingPart(Part):
    """An embedding table, kept as the gradients of the rows that the batch looked up.

    Parameters
    ----------
    weight : tensor of shape (n_rows, width)
    nodes : sequence of nodes
        Where rows are looked up.
    """

    separable = True

    def __init__(self, weight: Tensor, nodes: Sequence[Any]) -> None:
        self.weight = weight
        self.wanted = [GradientEdge(node, 0) for node in nodes]
        self.lookups = [(node._saved_indices.flatten(), node._saved_padding_idx) for node in nodes]  # noqa: SLF001
        self.sparse = all(node._saved_sparse for node in nodes)  # noqa: SLF001
        self.kept: Tensor | None = None

    def describe(self) -> str:
        """How its gradients are kept, in words."""
        return "an embedding by rows looked up"

    def entries(self) -> int:
        """At most a row a look-up."""
        return sum(len(indices) for indices, _ in self.lookups) * self.weight.shape[1]

    def take(self, task: int, n_tasks: int, caught: Sequence[Tensor | None]) -> None:
        """Sum the signals of equal rows."""
        if all(signal is None for signal in caught):
            return
        if self.kept is None:
            self._start(n_tasks)
        assert self.kept is not None  # noqa: S101
        for signal, places, padded in zip(caught, self.places, self.padded, strict=True):
            if signal is not None:
                self.kept[task].index_add_(0, places, self._signals(signal, padded))

    def take_rows(
        self, n_tasks: int, caught: Sequence[Tensor | None], task_of_row: Int[Tensor, " n_rows"]
    ) -> None:
        """Sum the signals of equal rows of the table, each for the task of its row."""
        self._start(n_tasks)
        assert self.kept is not None  # noqa: S101
        flat = self.kept.flatten(0, 1)
        for signal, places, padded in zip(caught, self.places, self.padded, strict=True):
            if signal is not None:
                owner = task_of_row.repeat_interleave(len(places) // len(task_of_row))
                rows = self._signals(signal, padded)
                flat.index_add_(0, owner * len(self.rows) + places, rows)

    def _signals(self, signal: Tensor, padded: Tensor | None) -> Tensor:
        """What comes to each row looked up; nothing comes to padding."""
        rows = exact(signal).reshape(-1, self.weight.shape[1])
        return rows if padded is None else rows.masked_fill(padded, 0.0)

    def _start(self, n_tasks: int) -> None:
        joined = torch.cat([indices for indices, _ in self.lookups]).long()
        self.rows, places = torch.unique(joined, return_inverse=True)
        sizes = [len(indices) for indices, _ in self.lookups]
        self.places = places.split(sizes)
        self.padded = [
            (indices == padding)[:, None] if 0 <= padding < len(self.weight) else None
            for indices, padding in self.lookups
        ]
        shape = (n_tasks, len(self.rows), self.weight.shape[1])
        self.kept = exact(self.weight).new_zeros(shape)

    def to_double(self) -> None:
        """Keep gradients in double precision."""
        self.kept = doubled(self.kept)

    def gramian(self) -> Float[Tensor, "k k"] | None:
        """Inner products over the rows looked up."""
        if self.kept is None:
            return None
        flat = self.kept.flatten(1)
        return inner_products(flat)

    def update(self, weights: Float[Tensor, " k"]) -> Update:
        """The weighted sum, scattered into the table, which stays sparse where look-ups are."""
        if self.kept is None:
            return
        total = torch.tensordot(weights.to(self.kept), self.kept, dims=1)
        if self.sparse:
            places, shape = self.rows[None], self.weight.shape
            gradient = torch.sparse_coo_tensor(places, total, shape, check_invariants=False)
        else:
            gradient = torch.zeros_like(self.weight, dtype=total.dtype)
            gradient.index_copy_(0, self.rows, total)
        yield self.weight, gradient
