"""Convolutions and pooling over the characters of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Each
from polytask.encoders._attention import dropout_layer
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sequence_encoder import SEQUENCE_CONSTRAINTS, SequenceEncoder
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import MaskedStage, State
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["CharacterCNN"]

_POOLED = 3
"""Steps of which the largest values stay."""


@dataclass(frozen=True)
class CharacterCNN(SequenceEncoder):
    r"""Convolutions over characters, with max pooling of three steps after the first two and the last.

    .. math:: h_{l,t} = \mathrm{dropout}\left(\max_{3t \le s < 3t + 3} \mathrm{relu}\left(b_l +
              \sum_{j=-m}^{m} W_{l,j} \, h_{l-1, s + j}\right)\right)

    for a column of role ``characters``, such as names, addresses and misspelt text. Steps that a row
    does not have count as 0 in convolutions and for nothing in maxima.

    Parameters
    ----------
    widths : tuple of int, default (128, 128, 128, 128)
        Units of each layer, of which each is a stage.
    kernels : tuple of int, default (7, 7, 3, 3)
        Steps that a unit of each layer reads; even numbers count as the next odd ones.
    dropout : float in [0, 1), default 0.2
    word_dim : int, default 32
        Width of the vectors of characters.
    word_dropout : float in [0, 1), default 0.0
        Probability of a character to be taken for an unknown one in training.
    pooling : {None, "last", "max", "mean", "attention"}, default "max"
        What makes one vector of the steps that are left.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their texts.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the texts.

    Raises
    ------
    ParameterError
        If `widths` and `kernels` differ in length.

    Notes
    -----
    Deviations from Zhang et al.: learned vectors of characters in place of one-hot ones, four layers of
    128 units in place of six of 256 or 1024, convolutions that pad, and, as in Kim et al., the maximum over
    the steps in place of two fully connected layers, so that texts of any length are read.

    References
    ----------
    Zhang, Zhao and LeCun, "Character-level convolutional networks for text classification", NeurIPS
    2015. Kim, Jernite, Sontag and Rush, "Character-aware neural language models", AAAI 2016.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import CharacterCNN
    >>> HardSharing(CharacterCNN((64, 64), (5, 3))).encoder.pooling
    'max'
    """

    widths: tuple[int, ...] = (128, 128, 128, 128)
    kernels: tuple[int, ...] = (7, 7, 3, 3)
    dropout: float = 0.2
    word_dim: int = 32
    word_dropout: float = 0.0
    pooling: str | None = "max"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 256
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(((128,) * 4, (64,) * 4, (256,) * 4), (128,) * 4),
        "dropout": Range(0.0, 0.5, default=0.2),
        "word_dim": Choices((32, 16, 64)),
        "pooling": Choices(("max", "mean", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SEQUENCE_CONSTRAINTS,
        "widths": Each(WIDTH),
        "kernels": Each(COUNT),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.widths) != len(self.kernels):
            sentence = (
                "The `kernels` parameter of CharacterCNN must hold as many numbers as `widths`, "
                f"{self.widths}. Got {self.kernels} instead; give one for each layer."
            )
            raise ParameterError(sentence)

    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """One convolution per stage, with its pooling where it has one."""
        sizes = (size, *self.widths)
        pooled = {0, 1, len(self.widths) - 1}
        built: list[nn.Module] = [
            _Convolution(taken, width, self.kernels[k] | 1, self.dropout, pools=k in pooled)
            for k, (taken, width) in enumerate(pairwise(sizes))
        ]
        return built, sizes[-1]


class _Convolution(MaskedStage):
    """A convolution over the steps that a row has, and the maxima of every three of them."""

    def __init__(self, size: int, width: int, kernel: int, dropout: float, *, pools: bool) -> None:
        super().__init__()
        self.layer = nn.Conv1d(size, width, kernel, padding=kernel // 2)
        self.dropout, self.pools = dropout_layer(dropout), pools

    def forward(self, state: State) -> State:
        values, mask = state
        if mask is not None:
            values = torch.where(mask.unsqueeze(-1), values, 0.0)
        features: Tensor = self.layer(values.transpose(1, 2)).relu()
        if mask is not None:  # features are at least 0, which thus counts for nothing in maxima
            features = torch.where(mask.unsqueeze(1), features, 0.0)
        if self.pools:
            features = _maxima(features)
            mask = None if mask is None else _maxima(mask.unsqueeze(1).to(features)).squeeze(1) > 0
        return State(self.dropout(features.transpose(1, 2)), mask)


def _maxima(steps: Tensor) -> Tensor:
    return nn.functional.max_pool1d(steps, _POOLED, ceil_mode=True)
