"""Entries with room for further channels."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from polytask.architectures._inputs import Inputs
from polytask.data import Schema
from polytask.encoders import Encoder, State

__all__ = ["WidenedInputs"]


class WidenedInputs(Inputs):
    """Entries whose shapes have room for a vector that is appended to every row.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    dim : int
        Width of the vector.
    owner : str
        Whose `encoder` it is, for errors.
    """

    dim = 0

    def __init__(
        self, encoder: Encoder, schemas: Mapping[str, Schema], dim: int, owner: str
    ) -> None:
        super().__init__(encoder, schemas, owner)
        self.dim = dim
        self.shapes = {name: tuple(self.sample(name).values.shape[1:]) for name in self.sources}

    def sample(self, source: str) -> State:
        """Two rows of zeros of a source after the embedding."""
        values, mask = super().sample(source)
        channels = 1 if values.ndim > 3 else values.ndim - 1
        shape = list(values.shape)
        shape[channels] = self.dim
        return State(torch.cat([values, values.new_zeros(shape)], dim=channels), mask)
