"""Multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from torch import nn

from polytask._validation import Constraint, Each, Interval
from polytask.encoders._encoder import TABLE_CONSTRAINTS, Encoder
from polytask.encoders._layers import (
    ACTIVATIONS,
    NORMALIZATIONS,
    activation_and_dropout,
    normalization,
)
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._numeric_ranges import NUMBERS_RANGE
from polytask.encoders._sizes import WIDTH
from polytask.encoders._standardized import Standardized
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["MLP"]


@dataclass(frozen=True)
class MLP(Encoder):
    r"""Fully connected layers, one stage each.

    .. math:: h_{l} = \mathrm{dropout}(\phi(\mathrm{norm}(W_l h_{l-1} + b_l)))

    Parameters
    ----------
    widths : tuple of int, default (256, 256)
        Units of each layer; ``()`` gives linear models.
    dropout : float in [0, 1), default 0.0
    activation : str, default "relu"
    normalization : {None, "batch", "layer"}, default None
    embedding_dim : int, default 8
        Width of the category embedding.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of the numeric columns, by its recipe or by its name.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP
    >>> HardSharing(encoder=MLP(widths=(64,), dropout=0.1)).encoder.widths
    (64,)
    """

    widths: tuple[int, ...] = (256, 256)
    dropout: float = 0.0
    activation: str = "relu"
    normalization: str | None = None
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(((256, 256), (64, 64), (512, 512), (256, 256, 256)), (256, 256)),
        "dropout": Range(0.0, 0.5, default=0.0),
        "activation": Choices(("relu", "gelu", "silu")),
        "normalization": Choices((None, "batch", "layer")),
        "numbers": NUMBERS_RANGE,
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "widths": Each(WIDTH),
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "activation": ACTIVATIONS,
        "normalization": NORMALIZATIONS,
    }

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """One module per layer."""
        sizes = (*shape, *self.widths)
        built: list[nn.Module] = []
        for size, width in pairwise(sizes):
            layers = [nn.Linear(size, width), *normalization(self.normalization, width)]
            layers += activation_and_dropout(self.activation, self.dropout)
            built.append(nn.Sequential(*layers))
        return built
