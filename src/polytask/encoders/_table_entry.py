"""The first layer for tables: all parts of a row as one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._state import State

__all__ = ["TableEntry"]


class TableEntry(nn.Module):
    """Numbers beside embedded categories and flattened tensors, as one vector per row.

    All categorical columns share one embedding table, so that a row's codes cost one look-up.

    Parameters
    ----------
    parts : sequence of Part
    embedding_dim : int
        Width of the category embedding.

    Attributes
    ----------
    width : int
        Length of the vector.

    Examples
    --------
    >>> from polytask.data import Part
    >>> from polytask.encoders import TableEntry
    >>> codes = Part("categorical", "categorical", (2,), cardinalities=(4, 3))
    >>> TableEntry([Part("numeric", "numeric", (5,)), codes], embedding_dim=8).width
    21
    """

    offsets: Tensor

    def __init__(self, parts: Sequence[Part], embedding_dim: int) -> None:
        super().__init__()
        codes = next((part for part in parts if part.role == "categorical"), None)
        cardinalities = () if codes is None else codes.cardinalities
        self.codes = None if codes is None else codes.name
        self.others = tuple(part.name for part in parts if part is not codes)
        self.flat = all(len(part.shape) == 1 for part in parts)
        self.table = nn.Embedding(sum(cardinalities), embedding_dim) if cardinalities else None
        offsets = [0, *torch.tensor(cardinalities).cumsum(0).tolist()][: len(cardinalities)]
        self.register_buffer("offsets", torch.tensor(offsets, dtype=torch.int32), persistent=False)
        others = sum(prod(part.shape) for part in parts if part is not codes)
        self.width = others + len(cardinalities) * embedding_dim

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Join the parts of n rows to (n, width): numbers, categories, tensors."""
        arrays = {name: inputs[name] for name in self.others}
        if not self.flat:
            arrays = {name: array.flatten(1) for name, array in arrays.items()}
        joined = list(arrays.values())
        if self.table is not None and self.codes is not None:
            embedded = self.table(inputs[self.codes] + self.offsets).flatten(1)
            joined.insert(1 if "numeric" in arrays else 0, embedded)
        return State(joined[0] if len(joined) == 1 else torch.cat(joined, dim=1))
