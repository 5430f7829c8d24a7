"""Embedding of numbers by learned frequencies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import Part
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sizes import WIDTH
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["Periodic"]


@dataclass(frozen=True)
class Periodic(NumericEmbedding):
    r"""Every column by sines and cosines of learned frequencies, a linear layer and ReLU.

    .. math:: h_j(x) = \mathrm{relu}\big(W_j [\cos(2 \pi c_j x), \sin(2 \pi c_j x)] + b_j\big)

    with frequencies :math:`c_{jl}` drawn from :math:`N(0, \sigma^2)`, for the standardised x.

    Parameters
    ----------
    n_frequencies : int, default 24
    sigma : float in (0, inf), default 0.1
        Standard deviation of the frequencies at the start: small for smooth functions.
    width : int, default 8
        Length of every column's vector.
    lite : bool, default False
        Whether all columns share the linear layer.

    Notes
    -----
    `initializer` does not redraw these layers. Missing cells are 0, the mean, as the schema encodes
    them.

    References
    ----------
    Gorishniy, Rubachev & Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022, where it is called PLR.

    Examples
    --------
    >>> from polytask.encoders import MLP, Periodic
    >>> MLP(numbers=Periodic(sigma=0.5)).numbers.width
    8
    """

    n_frequencies: int = 24
    sigma: float = 0.1
    width: int = 8
    lite: bool = False

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "n_frequencies": Range(8, 64, log=True, default=24, integer=True),
        "sigma": Range(0.01, 10.0, log=True, default=0.1),
        "width": Range(2, 32, log=True, default=8, integer=True),
        "lite": Choices((False, True)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_frequencies": WIDTH,
        "sigma": Interval(float, 0.0, closed="neither"),
        "width": WIDTH,
        "lite": InstanceOf((bool,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def build(self, part: Part) -> nn.Module:
        """Build the frequencies and the linear layers."""
        return _Waves(self, part.shape[0])


class _Waves(nn.Module):
    """Numbers (n, f) to vectors (n, f, width)."""

    def __init__(self, recipe: Periodic, n_columns: int) -> None:
        super().__init__()
        n_waves, n_layers = 2 * recipe.n_frequencies, 1 if recipe.lite else n_columns
        self.width = recipe.width
        self.frequencies = nn.Parameter(torch.empty(n_columns, 1, recipe.n_frequencies))
        self.steps = nn.Parameter(torch.empty(n_layers, n_waves, recipe.width))
        self.offsets = nn.Parameter(torch.empty(n_layers, 1, recipe.width))
        bound = 1 / math.sqrt(n_waves)
        nn.init.normal_(self.frequencies, std=recipe.sigma)
        nn.init.uniform_(self.steps, -bound, bound)
        nn.init.uniform_(self.offsets, -bound, bound)

    def forward(self, numbers: Tensor) -> Tensor:
        angles = (2 * math.pi) * self.frequencies * numbers.t().unsqueeze(-1)
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        steps = self.steps.expand(len(waves), -1, -1)
        return torch.relu(torch.baddbmm(self.offsets, waves, steps)).transpose(0, 1)
