"""Embedding of numbers by their coordinates in bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Choice, Constraint, check_parameters
from polytask.data import Bins, Part
from polytask.encoders._coordinates import Coordinates, check_bins
from polytask.encoders._numeric_embedding import FlatNumbers, NumericEmbedding
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["BinCoordinates"]


@dataclass(frozen=True)
class BinCoordinates(NumericEmbedding):
    r"""Every column by its coordinates in its bins, with their means subtracted.

    .. math:: h_{jt}(x) = c_{jt}(x) - \mu_{jt}, \qquad
              c_{jt}(x) = \mathrm{clip}\Big(\frac{x - e_{j,t-1}}{e_{jt} - e_{j,t-1}}, 0, 1\Big)

    with the edges :math:`e_{j0} < \dots < e_{jT_j}` of the bins of column j, and the means
    :math:`\mu_{jt}` of the coordinates of the training rows. Every unit of the encoder's first layer
    has weights for all coordinates, and so learns functions that are linear within bins.

    Parameters
    ----------
    n_bins : int, default 16
        Most bins per column.
    by : {"atoms", "quantiles"}, default "atoms"
        How the edges are chosen, without labels; see `polytask.data.Bins`.

    Notes
    -----
    `PiecewiseLinear` learns vectors of 4 or 8 numbers per column, which all units share; here a
    column has as many numbers as bins, none is learned, and the first layer is larger. It suits
    many columns of long tails, such as descriptors of molecules.

    Beyond the training range the first coordinate goes on to -3 and the last one to 4, as in
    `PiecewiseLinear`.

    Deviations: the paper does not subtract means; the networks of the benchmarks' descriptors are
    worse without it.

    References
    ----------
    Gorishniy, Rubachev & Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022: the encoding without a linear layer after it.

    Examples
    --------
    >>> from polytask.encoders import BinCoordinates, PackedMLP
    >>> PackedMLP(numbers=BinCoordinates(8)).bins
    Bins(n_bins=8, by='atoms')
    >>> PackedMLP(numbers="bin_coordinates").numbers
    BinCoordinates(n_bins=16, by='atoms')
    """

    n_bins: int = 16
    by: str = "atoms"

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "n_bins": Range(4, 64, log=True, default=16, integer=True),
        "by": Choices(("atoms", "quantiles")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_bins": Bins.parameter_constraints["n_bins"],
        "by": Choice(("atoms", "quantiles")),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def bins(self) -> Bins:
        """The bins of its columns."""
        return Bins(self.n_bins, self.by)

    def build(self, part: Part) -> nn.Module:
        """Build the module of the coordinates of every column, 0 in absent bins.

        Raises
        ------
        ParameterError
            If the schema learned no bins.
        """
        _check(part)
        return _Centered(part)

    def build_flat(self, part: Part) -> FlatNumbers:
        """Build the coordinates of every column in its own bins, one column after another."""
        _check(part)
        return _WithoutAbsentBins(part)


def _check(part: Part) -> None:
    n_bins = [max(0, len(own) - 1) for own in part.edges]
    learned = [len(means) for means in part.means] == n_bins
    check_bins("BinCoordinates", part if learned else replace(part, edges=()))


class _Centered(nn.Module):
    """Numbers (n, f) to coordinates less their means, (n, f, width)."""

    means: Tensor

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.width = max(1, max(part.most_edges, default=0) - 1)
        self.coordinates = Coordinates(part.edges, self.width)
        means = torch.zeros(len(part.edges), self.width)
        for column, own in zip(means, part.means, strict=True):
            column[: len(own)] = torch.tensor(own, dtype=means.dtype, device=means.device)
        self.register_buffer("means", means, persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.coordinates(numbers).transpose(0, 1) - self.means


class _WithoutAbsentBins(FlatNumbers):
    """The coordinates of every column in its own bins; a column of one value has one, which is 0."""

    kept: Tensor

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.vectors = _Centered(part)
        self.channels = tuple(max(1, most - 1) for most in part.most_edges)
        width = self.vectors.width
        kept = [j * width + t for j, own in enumerate(self.channels) for t in range(own)]
        self.register_buffer("kept", torch.tensor(kept, dtype=torch.int64), persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.vectors(numbers).flatten(1).index_select(1, self.kept)
