"""The first layer: a source's encoded columns as one tensor."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask.data import Schema

__all__ = ["ColumnInputs"]


class ColumnInputs(nn.Module):
    """Numeric columns beside embedded categorical ones, and flattened tensors.

    All categorical columns share one embedding table, so that a row's codes cost one look-up.
    A source whose only input is a tensor column keeps the tensor's shape.

    Parameters
    ----------
    schema : Schema
    embedding_dim : int
        Numbers a category becomes.

    Attributes
    ----------
    out_shape : tuple of int
        Shape of a row: ``(width,)``, or the tensor's own.
    """

    offsets: Tensor

    def __init__(self, schema: Schema, embedding_dim: int) -> None:
        super().__init__()
        cardinalities = schema.cardinalities
        self.tensors = tuple(schema.tensors)
        self.has_numeric = schema.n_numeric > 0
        self.table = nn.Embedding(sum(cardinalities), embedding_dim) if cardinalities else None
        offsets = [0, *torch.tensor(cardinalities).cumsum(0).tolist()][: len(cardinalities)]
        self.register_buffer("offsets", torch.tensor(offsets, dtype=torch.int32), persistent=False)
        shapes = list(schema.tensors.values())
        if not self.has_numeric and self.table is None and len(shapes) == 1:
            self.out_shape: tuple[int, ...] = tuple(shapes[0])
        else:
            sizes = [int(torch.Size(shape).numel()) for shape in shapes]
            width = schema.n_numeric + len(cardinalities) * embedding_dim + sum(sizes)
            self.out_shape = (width,)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Join the parts of n rows to (n, *out_shape)."""
        if len(self.out_shape) > 1:
            return inputs[self.tensors[0]]
        parts = [inputs["numeric"]] if self.has_numeric else []
        if self.table is not None:
            parts.append(self.table(inputs["categorical"] + self.offsets).flatten(1))
        parts.extend(inputs[name].flatten(1) for name in self.tensors)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
