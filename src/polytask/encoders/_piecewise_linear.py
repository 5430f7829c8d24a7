"""Embedding of numbers by learned piecewise linear functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Optional, check_parameters
from polytask.data import Bins, Part
from polytask.encoders._coordinates import Coordinates, check_bins
from polytask.encoders._numeric_embedding import FlatNumbers, NumericEmbedding
from polytask.encoders._sizes import WIDTH
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["PiecewiseLinear"]

_WIDTH, _WIDTH_OF_MANY, _MANY = 8, 4, 64
"""Lengths of vectors of few columns and of more than many."""
_CHUNK = 512
"""Rows whose coordinates stay in the cache, where no gradient needs them."""


@dataclass(frozen=True)
class PiecewiseLinear(NumericEmbedding):
    r"""Every column by learned functions that are linear within its bins and continuous.

    .. math:: h_j(x) = b_j + \sum_{t=1}^{T_j} W_{jt} \, \mathrm{clip}\Big(
              \frac{x - e_{j,t-1}}{e_{jt} - e_{j,t-1}}, 0, 1\Big)

    with the edges :math:`e_{j0} < \dots < e_{jT_j}` of the bins of column j. Below the first edge
    the first coordinate goes on, and above the last edge the last one, from -3 to 4, so that
    values beyond the training range are told apart and outliers stay bounded.

    Parameters
    ----------
    n_bins : int, default 24
        Most bins per column.
    by : {"quantiles", "atoms", "trees", "both"}, default "both"
        How the edges are chosen; see `polytask.data.Bins`.
    width : int, optional
        Length of every column's vector; by default 8, or 4 where more than 64 columns have one.

    Notes
    -----
    In a vector of all columns (`TableEntry`), a column of one or two values is its coordinate
    alone, since a longer vector would say no more; they follow the other columns.

    The edges are learned by the schema, `fit_schemas(data, architecture.bins)`, from training rows
    alone. `initializer` does not redraw the functions: a column of T bins has weights of standard
    deviation :math:`T^{-1/2}`, and no offset.

    Deviations: the coordinates of outliers are bounded; edges at atoms, and trees for several
    tasks; weights are drawn from a normal distribution. There is no activation, which the encoder's
    first layer brings.

    References
    ----------
    Gorishniy, Rubachev & Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022.

    Examples
    --------
    >>> from polytask.encoders import MLP, PiecewiseLinear
    >>> MLP(numbers=PiecewiseLinear(16, by="atoms")).bins
    Bins(n_bins=16, by='atoms')
    >>> MLP(numbers="piecewise_linear").numbers.n_bins
    24
    """

    n_bins: int = 24
    by: str = "both"
    width: int | None = None

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "n_bins": Range(8, 64, log=True, default=24, integer=True),
        "by": Choices(("both", "trees", "atoms", "quantiles")),
        "width": Choices((None, 2, 16)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_bins": Bins.parameter_constraints["n_bins"],
        "by": Bins.parameter_constraints["by"],
        "width": Optional(WIDTH),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def bins(self) -> Bins:
        """The bins of its columns."""
        return Bins(self.n_bins, self.by)

    def build(self, part: Part) -> nn.Module:
        """Build the functions of every column.

        Raises
        ------
        ParameterError
            If the schema learned no bins.
        """
        check_bins("PiecewiseLinear", part)
        width = _WIDTH_OF_MANY if len(part.edges) > _MANY else _WIDTH
        n_bins = max(part.most_edges, default=0) - 1
        return _Functions(part.edges, n_bins, self.width or width)

    def build_flat(self, part: Part) -> FlatNumbers:
        """Build the functions of columns of several bins, and the coordinates of the others."""
        check_bins("PiecewiseLinear", part)
        wide = [j for j, most in enumerate(part.most_edges) if most > 2]
        if len(wide) == len(part.edges):
            return super().build_flat(part)
        narrow = [j for j, most in enumerate(part.most_edges) if most <= 2]
        functions = self.build(_columns_of(part, wide)) if wide else None
        return _Beside(functions, wide, narrow, [part.edges[j] for j in narrow])


def _columns_of(part: Part, columns: Sequence[int]) -> Part:
    """The part of some columns alone."""
    edges, most = zip(*((part.edges[j], part.most_edges[j]) for j in columns), strict=True)
    return replace(part, shape=(len(columns),), edges=edges, most_edges=most)


class _Functions(nn.Module):
    """Numbers (n, f) to vectors (n, f, width)."""

    def __init__(self, edges: Sequence[Sequence[float]], n_bins: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.steps = nn.Parameter(torch.empty(len(edges), max(1, n_bins), width))
        self.offsets = nn.Parameter(torch.empty(len(edges), 1, width))
        self.coordinates = Coordinates(edges, max(1, n_bins))
        with torch.no_grad():
            self.steps.zero_()
            self.offsets.zero_()
            for steps, own in zip(self.steps, edges, strict=True):
                n_own = max(1, len(own) - 1)  # drawn alike beside columns of more bins
                steps[:n_own].normal_(std=n_own**-0.5)

    def forward(self, numbers: Tensor) -> Tensor:
        if torch.is_grad_enabled() or len(numbers) <= _CHUNK:
            return self._embedded(numbers)
        return torch.cat([self._embedded(rows) for rows in torch.split(numbers, _CHUNK)])

    def _embedded(self, numbers: Tensor) -> Tensor:
        vectors = torch.baddbmm(self.offsets, self.coordinates(numbers), self.steps)
        return vectors.transpose(0, 1)


class _Beside(FlatNumbers):
    """The vectors of some columns, then the coordinates of others."""

    wide: Tensor
    narrow: Tensor

    def __init__(
        self,
        functions: nn.Module | None,
        wide: Sequence[int],
        narrow: Sequence[int],
        edges: Sequence[Sequence[float]],
    ) -> None:
        super().__init__()
        self.functions = functions
        self.coordinates = Coordinates(edges, 1)
        width: int = 0 if functions is None else functions.width  # type: ignore[assignment]
        self.channels = (*(width for _ in wide), *(1 for _ in narrow))
        self.register_buffer("wide", torch.tensor(wide, dtype=torch.int64), persistent=False)
        self.register_buffer("narrow", torch.tensor(narrow, dtype=torch.int64), persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        beside = self.coordinates(numbers.index_select(1, self.narrow)).squeeze(-1).t()
        if self.functions is None:
            return beside
        vectors = self.functions(numbers.index_select(1, self.wide))
        return torch.cat([vectors.flatten(1), beside], dim=1)
