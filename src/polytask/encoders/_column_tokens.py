"""The first layer of transformers for tables: one token per column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._code_table import CodeTable
from polytask.encoders._constant_cells import ConstantCells
from polytask.encoders._numeric_embedding import NumericEmbedding, as_embedding
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._step_vectors import has_vectors, step_vectors

__all__ = ["ColumnTokens"]


class ColumnTokens(nn.Module):
    """A token per number, category, tensor, text and sequence of a row, after one of the whole row.

    Every column has a layer of its own: a number's embedding is mapped linearly, a category is
    looked up, a tensor is flattened and mapped linearly, the vectors of a text's words are averaged,
    and statistics of a sequence, or means of a grid of an image, are mapped linearly; each with a bias.

    Parameters
    ----------
    parts : sequence of Part
    width : int
        Features of a token.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns, before they are mapped to tokens.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._column_tokens import ColumnTokens
    >>> entry = ColumnTokens([Part("numeric", "numeric", (5,))], width=8)
    >>> entry({"numeric": torch.zeros(2, 5)}).values.shape
    torch.Size([2, 6, 8])
    """

    def __init__(
        self,
        parts: Sequence[Part],
        width: int,
        numbers: NumericEmbedding | str = Standardized(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__()
        self.parts = tuple(part.name for part in parts)
        self.row = nn.Parameter(torch.empty(1, width))
        _draw(self.row)
        embedding = as_embedding(numbers)
        self.tokens = nn.ModuleList(_tokens_of(part, width, embedding) for part in parts)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Tokens (n, 1 + columns, width), the row's first."""
        columns = [
            tokens(inputs[part]) for part, tokens in zip(self.parts, self.tokens, strict=True)
        ]
        row = self.row.expand(len(columns[0]), *self.row.shape)
        return State(torch.cat([row.to(columns[0].dtype), *columns], dim=1))


def _tokens_of(part: Part, width: int, numbers: NumericEmbedding) -> nn.Module:
    if part.role == "numeric":
        return _NumberTokens(numbers.build(part), prod(part.shape), width)
    if part.role == "categorical":
        return _CodeTokens(part, width)
    if has_vectors(part):
        return _StepTokens(part, width)
    linear = nn.Linear(prod(part.shape), width)
    fixed = [ConstantCells(part)] if part.constant else []
    return nn.Sequential(*fixed, nn.Flatten(), linear, nn.Unflatten(1, (1, width)))


class _NumberTokens(nn.Module):
    """Embeddings of numeric columns (n, f, w), each by a linear map of its own."""

    def __init__(self, embedding: nn.Module, n_columns: int, width: int) -> None:
        super().__init__()
        self.embedding = embedding
        embedded: int = embedding.width  # type: ignore[assignment]
        self.maps = nn.Parameter(torch.empty(n_columns, embedded, width))
        self.shifts = nn.Parameter(torch.empty(n_columns, width))
        _draw(self.maps, fan_in=embedded)
        _draw(self.shifts)

    def forward(self, numbers: Tensor) -> Tensor:
        embedded = self.embedding(numbers)
        if self.maps.shape[1] == 1:
            return embedded * self.maps[:, 0] + self.shifts
        return torch.einsum("nfw,fwd->nfd", embedded, self.maps) + self.shifts


class _CodeTokens(nn.Module):
    """Embeddings of categories from one table, with a bias per column."""

    def __init__(self, part: Part, width: int) -> None:
        super().__init__()
        self.table = CodeTable(part.cardinalities, width, part.hashed, _draw, part.source)
        self.shifts = nn.Parameter(torch.empty(len(part.cardinalities), width))
        _draw(self.shifts)

    def forward(self, codes: Tensor) -> Tensor:
        return self.table(codes) + self.shifts


class _StepTokens(nn.Module):
    """One token (n, 1, w) for all steps of a text, of tokens or of a sequence, or for an image."""

    def __init__(self, part: Part, width: int) -> None:
        super().__init__()
        self.vectors = step_vectors(part, width)
        self.map = nn.Linear(self.vectors.width, width)

    def forward(self, steps: Tensor) -> Tensor:
        return self.map(self.vectors(steps)).unsqueeze(1)


def _draw(parameter: Tensor, fan_in: int = 1) -> None:
    """Uniform numbers, so that a token's norm does not depend on its width."""
    bound = (fan_in * parameter.shape[-1]) ** -0.5
    nn.init.uniform_(parameter, -bound, bound)
