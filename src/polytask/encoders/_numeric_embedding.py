"""Abstract base class of embeddings of numeric columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from polytask._naming import made
from polytask._validation import InstanceOf
from polytask.data import Bins, Part

__all__ = ["NUMBERS", "FlatNumbers", "NumericEmbedding", "as_embedding", "resolve_numbers"]


class NumericEmbedding(ABC):
    """A recipe that turns every numeric column of a row into a vector.

    A frozen dataclass of plain arguments, the `numbers` of an encoder of tables.

    Attributes
    ----------
    bins : Bins or None
        What the schema must learn of the numeric columns; nothing by default.
    is_identity : bool
        Whether every column stays the number that it is, so that nothing is built.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import torch
    >>> from torch import nn
    >>> from polytask.data import Part
    >>> from polytask.encoders import MLP, NumericEmbedding, TableEntry
    >>> class Powers(nn.Module):
    ...     width = 2
    ...
    ...     def forward(self, numbers):
    ...         return torch.stack([numbers, numbers**2], dim=-1)
    >>> @dataclass(frozen=True)
    ... class Squares(NumericEmbedding):
    ...     def build(self, part):
    ...         return Powers()
    >>> TableEntry([Part("numeric", "numeric", (3,))], 8, Squares()).channels
    (2, 2, 2)
    """

    is_identity: ClassVar[bool] = False

    @property
    def bins(self) -> Bins | None:
        """Bins of the numeric columns, which the schema learns of the training rows."""
        return None

    @abstractmethod
    def build(self, part: Part) -> nn.Module:
        """Build the module that maps numbers (n, f) to (n, f, width).

        It has an attribute `width`.

        Parameters
        ----------
        part : Part
            The numeric part, of shape (f,).
        """

    def build_flat(self, part: Part) -> FlatNumbers:
        """Build the module that maps numbers (n, f) to one vector per row.

        By default the vectors of all columns, one after another.
        """
        return _Flattened(self.build(part), part.shape[0])


class FlatNumbers(nn.Module, ABC):
    """Embedded numbers of a row as one vector, (n, f) to (n, sum of channels).

    Attributes
    ----------
    channels : tuple of int
        How much of the vector every column takes, in the order of the vector.
    """

    channels: tuple[int, ...]

    @abstractmethod
    def forward(self, numbers: Tensor) -> Tensor:
        """The vectors of n rows."""


class _Flattened(FlatNumbers):
    def __init__(self, embedding: Any, n_columns: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.channels = (embedding.width,) * n_columns

    def forward(self, numbers: Tensor) -> Tensor:
        return self.embedding(numbers).flatten(1)


NUMBERS = InstanceOf((NumericEmbedding,))


def as_embedding(numbers: NumericEmbedding | str) -> NumericEmbedding:
    """Instantiate an embedding that is given by its name; leave a recipe as it is.

    Examples
    --------
    >>> from polytask.encoders._numeric_embedding import as_embedding
    >>> as_embedding("standardized")
    Standardized()
    """
    if not isinstance(numbers, str):
        return numbers
    room, what = "polytask.encoders", "numeric embedding"
    embedding: NumericEmbedding = made(numbers, room, what, NumericEmbedding, imports=True)
    return embedding


def resolve_numbers(encoder: Any) -> None:
    """Replace the name in the `numbers` of a frozen recipe by what it means."""
    if isinstance(encoder.numbers, str):
        object.__setattr__(encoder, "numbers", as_embedding(encoder.numbers))
