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
        self.shapes = {name: _widened(shape, dim) for name, shape in self.shapes.items()}

    def sample(self, source: str) -> State:
        """Two rows of zeros of a source after the embedding."""
        values, mask = super().sample(source)
        channels = 1 if values.ndim > 3 else values.ndim - 1
        shape = list(values.shape)
        shape[channels] = self.dim
        return State(torch.cat([values, values.new_zeros(shape)], dim=channels), mask)


def _widened(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    """Shape of a row with `dim` more channels, the first axis of maps and the last of others."""
    if len(shape) > 2:
        return (shape[0] + dim, *shape[1:])
    return (*shape[:-1], shape[-1] + dim)
