"""Stages of text models of the library transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from polytask.encoders._state import MaskedStage, State

__all__ = ["Beside", "First", "Layer", "layer_widths"]


def layer_widths(model: Any, layers: Sequence[nn.Module]) -> tuple[int, int]:
    """Of what the first layer takes, and of what all give."""
    width: int = model.config.hidden_size
    mapping = getattr(layers[0], "embedding_hidden_mapping_in", None) if layers else None
    return (width if mapping is None else mapping.in_features), width


class Layer(MaskedStage):
    """A layer of a model; what stands beside the pieces passes by."""

    def __init__(self, layer: nn.Module, takes: int, gives: int) -> None:
        super().__init__()
        self.layer, self.takes, self.gives = layer, takes, gives

    def forward(self, state: State) -> State:
        pieces, beside = state.values[..., : self.takes], state.values[..., self.takes :]
        if not len(pieces):  # of which layers of transformers cannot make heads
            none = pieces.new_zeros(*pieces.shape[:-1], self.gives)
            return State(torch.cat([none, beside], dim=-1), state.mask)
        unread = None
        if state.mask is not None:
            lowest = torch.finfo(pieces.dtype).min
            unread = torch.where(state.mask[:, None, None, :], 0.0, lowest).to(pieces.dtype)
        read = self.layer(pieces, unread)
        values: Tensor = read if isinstance(read, Tensor) else read[0]
        return State(torch.cat([values, beside], dim=-1), state.mask)


class First(MaskedStage):
    """The piece that begins a text."""

    def forward(self, state: State) -> State:
        return State(state.values[:, 0])


class Beside(nn.Module):
    """The rest of a row, read beside its text by a layer that is added to it."""

    def __init__(self, width: int, beside: int) -> None:
        super().__init__()
        self.width = width
        self.layers = nn.Sequential(
            nn.Linear(width + beside, width), nn.GELU(), nn.Linear(width, width)
        )

    def forward(self, values: Tensor) -> Tensor:
        return values[..., : self.width] + self.layers(values)
