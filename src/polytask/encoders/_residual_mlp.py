"""Residual multi-layer perceptron for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

from polytask._validation import Constraint, Interval
from polytask.encoders._dropout import Dropout
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._layers import (
    ACTIVATIONS,
    NORMALIZATIONS,
    activation,
    activation_and_dropout,
    normalization,
)
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._numeric_ranges import NUMBERS_RANGE
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["ResidualMLP"]


@dataclass(frozen=True)
class ResidualMLP(Encoder):
    r"""Residual blocks over a linear projection; the ResNet for tables, one stage per block.

    .. math:: h_{l} = h_{l-1} + \mathrm{dropout}(V_l\, \mathrm{dropout}(\phi(U_l\, \mathrm{norm}(h_{l-1}))))

    Parameters
    ----------
    width : int, default 192
        Features of every stage.
    depth : int, default 2
        Residual blocks.
    hidden_factor : float, default 2.0
        Units inside a block, as a multiple of `width`.
    dropout : float in [0, 1), default 0.1
        Inside a block.
    residual_dropout : float in [0, 1), default 0.0
        At its end.
    activation : str, default "relu"
    normalization : {None, "batch", "layer"}, default "layer"
    embedding_dim : int, default 8
        Width of the category embedding.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns, by its recipe or by its name.

    Notes
    -----
    Deviation: layer normalisation by default where the paper has batch normalisation, since
    networks of several tasks and small batches are normalised row by row. With
    ``normalization="batch"`` and the same weights, features are those of the authors' package
    ``rtdl_revisiting_models``.

    References
    ----------
    Gorishniy et al., "Revisiting deep learning models for tabular data", NeurIPS 2021.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import ResidualMLP
    >>> HardSharing(encoder=ResidualMLP(width=64, depth=3)).encoder.depth
    3
    """

    width: int = 192
    depth: int = 2
    hidden_factor: float = 2.0
    dropout: float = 0.1
    residual_dropout: float = 0.0
    activation: str = "relu"
    normalization: str | None = "layer"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "width": Range(64, 512, log=True, default=192, integer=True),
        "depth": Range(1, 8, default=2, integer=True),
        "hidden_factor": Range(1.0, 4.0, default=2.0),
        "dropout": Range(0.0, 0.5, default=0.1),
        "residual_dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "normalization": Choices((None, "batch", "layer"), "layer"),
        "numbers": NUMBERS_RANGE,
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "width": WIDTH,
        "depth": COUNT,
        "hidden_factor": Interval(float, 0.0, 100.0, closed="right"),
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "residual_dropout": Interval(float, 0.0, 1.0, closed="left"),
        "activation": ACTIVATIONS,
        "normalization": NORMALIZATIONS,
    }

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The projection, the blocks, and a last normalisation and activation."""
        first = nn.Sequential(nn.Linear(shape[0], self.width))
        blocks = [_Residual(self._block()) for _ in range(self.depth)]
        last = [*normalization(self.normalization, self.width), activation(self.activation)]
        return [first, *blocks, nn.Sequential(*last)]

    def _block(self) -> nn.Module:
        hidden = max(1, round(self.width * self.hidden_factor))
        layers: list[nn.Module] = [
            *normalization(self.normalization, self.width),
            nn.Linear(self.width, hidden),
            *activation_and_dropout(self.activation, self.dropout),
        ]
        layers.append(nn.Linear(hidden, self.width))
        if self.residual_dropout:
            layers.append(Dropout(self.residual_dropout))
        return nn.Sequential(*layers)


class _Residual(nn.Module):
    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, features: Tensor) -> Tensor:
        return features + self.block(features)
