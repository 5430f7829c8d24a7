"""The first layer for tables: all parts of a row as one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._code_table import CodeTable
from polytask.encoders._constant_cells import constant_cells
from polytask.encoders._counted_weights import count_weights
from polytask.encoders._dropout import ColumnDropout
from polytask.encoders._numeric_embedding import NumericEmbedding, as_embedding
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._step_vectors import has_vectors, step_vectors

__all__ = ["TableEntry"]

_WORD_WIDTH = 32
"""Length of the vectors of words and tokens."""


class TableEntry(nn.Module):
    """Embedded numbers and categories beside flattened tensors, as one vector per row.

    Text and tokens become the mean of their words' vectors, sequences statistics of their steps, and
    images, unless they are given as arrays of three axes, means of a grid.
    All categorical columns share one embedding table, so that a row's codes cost one look-up. A
    category or bucket of which the tasks had no training row has the mean of its column's vectors.

    Parameters
    ----------
    parts : sequence of Part
    embedding_dim : int
        Width of the category embedding.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns.
    column_dropout : float in [0, 1), default 0.0
        Probability of each column to be hidden from a row in training.
    weighed : bool, default True
        Whether later layers have a weight for every number, so that a saved recipe of absurd width is
        refused; not of a module of the user's own, which may have none.

    Attributes
    ----------
    width : int
        Length of the vector.
    channels : tuple of int
        How much of the vector every column takes, in the order of the vector: numbers,
        categories, elements of tensors, then texts, tokens, sequences and images.

    Examples
    --------
    >>> from polytask.data import Part
    >>> from polytask.encoders import TableEntry
    >>> codes = Part("categorical", "categorical", (2,), cardinalities=(4, 3))
    >>> entry = TableEntry([Part("numeric", "numeric", (5,)), codes], embedding_dim=8)
    >>> entry.width
    21
    >>> entry.channels
    (1, 1, 1, 1, 1, 8, 8)
    """

    def __init__(
        self,
        parts: Sequence[Part],
        embedding_dim: int,
        numbers: NumericEmbedding | str = Standardized(),  # noqa: B008 - frozen
        column_dropout: float = 0.0,
        *,
        weighed: bool = True,
    ) -> None:
        super().__init__()
        codes = next((part for part in parts if part.role == "categorical"), None)
        stepped = [part for part in parts if has_vectors(part)]
        others = [part for part in parts if part is not codes and part not in stepped]
        cardinalities = () if codes is None else codes.cardinalities
        hashed, source = ((), "") if codes is None else (codes.hashed, codes.source)
        self.codes = None if codes is None else codes.name
        self.others = tuple(part.name for part in others)
        self.flat = all(len(part.shape) == 1 for part in others)
        if weighed:
            count_weights(self, sum(prod(part.shape) for part in others))
        self.table: CodeTable | None = None
        if cardinalities:
            self.table = CodeTable(cardinalities, embedding_dim, hashed, source=source)
        self.fixed = constant_cells(others)
        self.numbers = _built(others, as_embedding(numbers))
        channels = [self._channels_of(part) for part in others]
        channels.insert(self._place_of_codes, (embedding_dim,) * len(cardinalities))
        self.stepped = tuple(part.name for part in stepped)
        if stepped:
            vectors = [step_vectors(part, _WORD_WIDTH) for part in stepped]
            channels += [(module.width,) for module in vectors]
            self.steps = nn.ModuleList(vectors)
        self.channels = sum(channels, ())
        self.width = sum(self.channels)
        self.dropout = ColumnDropout(column_dropout, self.channels) if column_dropout else None

    def _channels_of(self, part: Part) -> tuple[int, ...]:
        if part.name in self.numbers:
            channels: tuple[int, ...] = self.numbers[part.name].channels  # type: ignore[assignment]
            return channels
        return (1,) * prod(part.shape)

    @property
    def _place_of_codes(self) -> int:
        """How many other parts come before the categories."""
        return 1 if "numeric" in self.others else 0

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Join the parts of n rows to (n, width): numbers, categories, tensors."""
        if self.fixed is not None:
            inputs = self.fixed(inputs)
        arrays = {name: inputs[name] for name in self.others}
        for name, embedding in self.numbers.items():
            arrays[name] = embedding(arrays[name])
        if not self.flat:
            arrays = {name: array.flatten(1) for name, array in arrays.items()}
        joined = list(arrays.values())
        if self.table is not None and self.codes is not None:
            embedded = self.table(inputs[self.codes]).flatten(1)
            joined.insert(self._place_of_codes, embedded)
        if self.stepped:
            modules = zip(self.stepped, self.steps, strict=True)
            joined += [module(inputs[part]) for part, module in modules]
        rows = joined[0] if len(joined) == 1 else torch.cat(joined, dim=1)
        return State(rows if self.dropout is None else self.dropout(rows))


def _built(parts: Sequence[Part], numbers: NumericEmbedding) -> nn.ModuleDict:
    """Embeddings of the numeric parts; none where every column stays a number."""
    numeric = [part for part in parts if part.role == "numeric" and not numbers.is_identity]
    return nn.ModuleDict({part.name: numbers.build_flat(part) for part in numeric})
