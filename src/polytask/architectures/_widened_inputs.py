"""Entries with room for further channels."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.architectures._inputs import Inputs
from polytask.data import Schema
from polytask.encoders import Encoder, State

__all__ = ["WidenedInputs", "with_channels"]


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
        state = super().sample(source)
        return with_channels(state, state.values.new_zeros(self.dim))


def with_channels(state: State, vector: Float[Tensor, " d"]) -> State:
    """A state whose rows have a vector as further channels, at every step or place alike.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._widened_inputs import with_channels
    >>> from polytask.encoders import State
    >>> with_channels(State(torch.zeros(2, 3)), torch.ones(1)).values
    tensor([[0., 0., 0., 1.],
            [0., 0., 0., 1.]])
    """
    values = state.values
    channels = 1 if values.ndim > 3 else values.ndim - 1
    shape, size = [1] * values.ndim, list(values.shape)
    shape[channels] = size[channels] = len(vector)
    vectors = vector.to(values.dtype).view(shape).expand(size)
    return State(torch.cat([values, vectors], dim=channels), state.mask)


def _widened(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    """Shape of a row with `dim` more channels, the first axis of maps and the last of others."""
    if len(shape) > 2:
        return (shape[0] + dim, *shape[1:])
    return (*shape[:-1], shape[-1] + dim)
