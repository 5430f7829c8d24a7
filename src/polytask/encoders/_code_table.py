"""Vectors of categories, and of those that training never met."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

__all__ = ["CodeTable"]


class CodeTable(nn.Embedding):
    """Embeddings of the codes of several columns in one table, so that a row costs one look-up.

    Code 0 of a column means unknown: a category, or a missing cell, of which training mostly has
    none. Its vector is 0 at first and stays so without a row to learn from. So are those of all
    codes of hashed columns, many of which training may lack, and those that a training sets to 0
    since the rows of its tasks lack them. In evaluation a vector that is 0 is replaced by the mean of
    those of the column's other codes that learned something, so that an unknown category is treated
    as an average one.

    Parameters
    ----------
    cardinalities : sequence of int
        Codes of every column, unknown included.
    width : int
    hashed : sequence of bool, default ()
        Which columns are hashed; none if empty.
    draw : callable, optional
        Draws the weights in place; PyTorch's own way when None.
    source : str, default ""
        Whose codes they are.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._code_table import CodeTable
    >>> table = CodeTable([3, 4], width=2).eval()
    >>> vectors = table(torch.tensor([[0, 0], [1, 1], [2, 2]]))
    >>> torch.allclose(vectors[0, 0], vectors[1:, 0].mean(dim=0))
    True
    """

    offsets: Tensor
    columns: Tensor
    is_known: Tensor

    def __init__(
        self,
        cardinalities: Sequence[int],
        width: int,
        hashed: Sequence[bool] = (),
        draw: Callable[[Tensor], object] | None = None,
        source: str = "",
    ) -> None:
        super().__init__(sum(cardinalities), width)
        self.cardinalities, self.source = tuple(cardinalities), source
        if draw is not None:
            draw(self.weight)
        with torch.device("cpu"):
            sizes = torch.tensor(list(cardinalities))
            offsets = sizes.cumsum(0) - sizes
            columns = torch.arange(len(sizes)).repeat_interleave(sizes)
            known = torch.ones(len(columns), 1, dtype=torch.bool).index_fill(0, offsets, False)
            are_hashed = torch.tensor(list(hashed) or [False] * len(sizes))
            from_zero = are_hashed[columns, None] | ~known
        with torch.no_grad():
            self.weight.masked_fill_(from_zero.to(self.weight.device), 0.0)
        self.register_buffer("offsets", offsets.to(torch.int32), persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self.register_buffer("is_known", known.to(torch.uint8), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Vectors (n, columns, width) of codes (n, columns)."""
        weight = self.weight if self.training else self._with_means()
        return nn.functional.embedding(codes + self.offsets, weight)

    def _with_means(self) -> Tensor:
        """The table with the mean of a column's other vectors in place of those that are still 0."""
        untrained = (self.weight == 0).all(dim=-1, keepdim=True)
        counted = (self.is_known.bool() & ~untrained).to(self.weight.dtype)
        n_columns = len(self.offsets)
        counts = counted.new_zeros(n_columns, 1).index_add(0, self.columns, counted)
        sums = self.weight.new_zeros(n_columns, self.weight.shape[1])
        sums = sums.index_add(0, self.columns, counted * self.weight)
        means = (sums / counts.clamp(min=1)).index_select(0, self.columns)
        return torch.where(untrained, means, self.weight)
