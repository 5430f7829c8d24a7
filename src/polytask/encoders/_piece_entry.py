"""The first layer for pretrained text models: the pieces of a row's words as vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._state import State
from polytask.encoders._table_entry import TableEntry

__all__ = ["PieceEntry"]

_BESIDE = 64
"""Width of the rest of a row."""


class PieceEntry(nn.Module):
    """Pieces of words through the embeddings of a model, with the rest of the row beside each.

    Pieces of several texts follow one another. A row without any has the padding piece.

    Parameters
    ----------
    texts : sequence of Part
        Codes of pieces: 0 for none, else 1 more than their number, below 0 for those that begin no
        word.
    rest : sequence of Part
        Other parts of a row.
    embeddings : nn.Module
        Maps numbers of pieces (n, l) to vectors (n, l, h).
    padding : int
        Number of the padding piece.
    embedding_dim : int
        Width of the category embedding.
    numbers : NumericEmbedding or str
        Embedding of the numeric columns.
    words_first : bool
        Whether the pieces that begin a word come first, in the order of the words, once all pieces
        know their places.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._piece_entry import PieceEntry
    >>> words = Part("tokens:words", "tokens", (5,), (9,), longest=5)
    >>> places = torch.nn.Embedding(9, 1)
    >>> _ = places.weight.data.copy_(torch.arange(9.0)[:, None])
    >>> entry = PieceEntry([words], [], places, 0, 8, "standardized", words_first=True)
    >>> state = entry({"tokens:words": torch.tensor([[-2, 5, -6, 7, -3]])})
    >>> state.values.flatten().tolist()
    [4.0, 6.0, 1.0, 5.0, 2.0]
    """

    def __init__(
        self,
        texts: Sequence[Part],
        rest: Sequence[Part],
        embeddings: nn.Module,
        padding: int,
        embedding_dim: int,
        numbers: NumericEmbedding | str,
        *,
        words_first: bool,
    ) -> None:
        super().__init__()
        self.names = tuple(part.name for part in texts)
        self.padding, self.words_first = padding, words_first
        self.embeddings = embeddings
        self.rest: TableEntry | None = None
        if rest:
            self.rest = TableEntry(rest, embedding_dim, numbers)
            self.beside = nn.Linear(self.rest.width, _BESIDE)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """The pieces of n rows, (n, l, h), and which of them rows have."""
        codes = torch.cat([inputs[name] for name in self.names], dim=1)
        if len(self.names) > 1:
            codes = codes.gather(1, _first(codes != 0))
        present = codes != 0
        numbers = torch.where(present, codes.abs() - 1, self.padding).long()
        values: Tensor = self.embeddings(numbers)
        begins = torch.arange(codes.shape[1], device=codes.device) == 0
        mask = present | (~present.any(dim=1, keepdim=True) & begins)
        if self.words_first:
            order = _first(codes > 0)
            values = values.gather(1, order.unsqueeze(-1).expand_as(values))
            mask = mask.gather(1, order)
        if self.rest is None:
            return State(values, mask)
        row = self.beside(self.rest(inputs).values)
        beside = row.unsqueeze(1).expand(-1, values.shape[1], -1)
        return State(torch.cat([values, beside], dim=-1), mask)


def _first(chosen: Tensor) -> Tensor:
    """Places in an order in which those that are chosen come first."""
    return (~chosen).to(torch.uint8).argsort(dim=1, stable=True)
