"""Recurrent layers over the steps of a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from polytask.encoders._dropout import Dropout
from polytask.encoders._state import MaskedStage, State

__all__ = ["RecurrentLayer", "recurrent_layers"]


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


def recurrent_layers(
    kind: type[nn.LSTM] | type[nn.GRU],
    size: int,
    width: int,
    depth: int,
    *,
    bidirectional: bool,
    dropout: float,
) -> tuple[list[nn.Module], int]:
    """Layers one after another, and the width of the last one's features."""
    width_out = 2 * width if bidirectional else width
    layers: list[nn.Module] = []
    for position in range(depth):
        taken = width_out if position else size
        layer = RecurrentLayer(kind, taken, width, bidirectional=bidirectional, dropout=dropout)
        layers.append(layer)
    if dropout:
        layers.append(nn.Sequential(Dropout(dropout)))
    return layers, width_out
