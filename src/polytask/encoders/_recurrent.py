"""Recurrent layers over the steps of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from polytask._validation import Constraint, InstanceOf
from polytask.encoders._dropout import Dropout
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sequence_encoder import SEQUENCE_CONSTRAINTS, SequenceEncoder
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import MaskedStage, State
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["Recurrent", "RecurrentLayer"]


class RecurrentLayer(MaskedStage):
    """One layer of a recurrent network, in one direction or both; absent steps are 0.

    Parameters
    ----------
    kind : type of nn.LSTM or nn.GRU
    size, width : int
        Features of a step that it takes, and units of each direction.
    bidirectional : bool
    dropout : float
        Of the features that it takes.
    """

    def __init__(
        self,
        kind: type[nn.LSTM] | type[nn.GRU],
        size: int,
        width: int,
        *,
        bidirectional: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout) if dropout else nn.Identity()
        self.cells = kind(size, width, batch_first=True, bidirectional=bidirectional)

    def forward(self, state: State) -> State:
        """Features of every step, (n, l, width) or, in both directions, (n, l, 2 * width)."""
        size, width = self.cells.input_size, state.values.shape[-1]
        if width != size:  # which PyTorch does not check for packed rows
            raise ValueError(f"steps of {size} features are expected, and {width} came")
        values, mask = self.dropout(state.values), state.mask
        if mask is None or values.is_meta or not values.shape[0]:
            return State(self.cells(values)[0], mask)
        return State(self._of_present(values, mask), mask)

    def _of_present(self, values: Tensor, mask: Tensor) -> Tensor:
        """Features from the steps that rows have, which come first; those of absent ones are 0."""
        lengths = mask.sum(dim=1)
        packed = pack_padded_sequence(
            values, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        features, _ = pad_packed_sequence(
            self.cells(packed)[0], batch_first=True, total_length=values.shape[1]
        )
        return torch.where(mask.unsqueeze(-1), features, 0.0)


@dataclass(frozen=True)
class Recurrent(SequenceEncoder):
    """Recurrent layers over the steps of a row; a subclass says of which cells, and has a docstring."""

    width: int = 128
    depth: int = 1
    bidirectional: bool = True
    dropout: float = 0.2
    word_dim: int = 64
    word_dropout: float = 0.05
    pooling: str | None = None
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    cells: ClassVar[type[nn.LSTM] | type[nn.GRU]]
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "width": Choices((128, 64, 256)),
        "depth": Range(1, 3, default=1, integer=True),
        "dropout": Range(0.0, 0.5, default=0.2),
        "word_dim": Choices((64, 32, 128, 256)),
        "pooling": Choices((None, "last", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SEQUENCE_CONSTRAINTS,
        "width": WIDTH,
        "depth": COUNT,
        "bidirectional": InstanceOf((bool,)),
    }

    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """One recurrent layer per stage."""
        width = 2 * self.width if self.bidirectional else self.width
        sizes = [size, *[width] * (self.depth - 1)]
        layers: list[nn.Module] = [
            RecurrentLayer(
                self.cells,
                taken,
                self.width,
                bidirectional=self.bidirectional,
                dropout=self.dropout,
            )
            for taken in sizes
        ]
        if self.dropout:
            layers.append(nn.Sequential(Dropout(self.dropout)))
        return layers, width
