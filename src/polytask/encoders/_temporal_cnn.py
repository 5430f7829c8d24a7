"""Convolutions over the steps of text, tokens or sequences."""

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
from polytask.encoders._sizes import WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import MaskedStage, State
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["TemporalCNN"]


@dataclass(frozen=True)
class TemporalCNN(SequenceEncoder):
    r"""Convolutions over neighbouring steps, each layer of a wider reach than the one before.

    .. math:: h_{l,t} = \mathrm{dropout}\left(\mathrm{relu}\left(b_l +
              \sum_{j=-m}^{m} W_{l,j} \, h_{l-1, t + j d_l}\right)\right), \qquad d_l = 2^{l-1}

    with kernels of 2m + 1 steps in both directions, and 0 for steps that a row does not have. Where
    two layers have the same width, the first is added to the second.

    Parameters
    ----------
    widths : tuple of int, default (128, 128)
        Units of each layer, of which each is a stage.
    kernel : int, default 5
        Steps that a unit reads; an even number counts as the next odd one.
    dropout : float in [0, 1), default 0.2
    word_dim : int, default 64
        Width of the vectors of words, and of the numbers of a sequence.
    word_dropout : float in [0, 1), default 0.05
        Probability of a word to be taken for an unknown one in training.
    pooling : {None, "last", "max", "mean", "attention"}, default None
        What makes one vector of a row's steps. With None the steps stay, for tasks that label them;
        other tasks have the mean.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their steps.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the steps.

    Notes
    -----
    Deviations: kernels look both ways, one convolution a layer, and no weight normalisation.

    References
    ----------
    Kim, "Convolutional neural networks for sentence classification", EMNLP 2014. Bai, Kolter and
    Koltun, "An empirical evaluation of generic convolutional and recurrent networks for sequence
    modeling", 2018 (dilations).

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import TemporalCNN
    >>> HardSharing(TemporalCNN(kernel=3)).encoder.widths
    (128, 128)
    """

    widths: tuple[int, ...] = (128, 128)
    kernel: int = 5
    dropout: float = 0.2
    word_dim: int = 64
    word_dropout: float = 0.05
    pooling: str | None = None
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(((128, 128), (64, 64), (128, 128, 128), (256, 256)), (128, 128)),
        "kernel": Choices((5, 3, 7)),
        "dropout": Range(0.0, 0.5, default=0.2),
        "word_dim": Choices((64, 32, 128, 256)),
        "pooling": Choices((None, "last", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SEQUENCE_CONSTRAINTS,
        "widths": Each(WIDTH),
        "kernel": WIDTH,
    }

    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """One convolution per stage."""
        sizes = (size, *self.widths)
        built: list[nn.Module] = [
            _Convolution(taken, width, self.kernel | 1, 2**position, self.dropout)
            for position, (taken, width) in enumerate(pairwise(sizes))
        ]
        return built, sizes[-1]


class _Convolution(MaskedStage):
    """A convolution over the steps that a row has."""

    def __init__(self, size: int, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.layer = nn.Conv1d(size, width, kernel, padding=padding, dilation=dilation)
        self.dropout, self.adds = dropout_layer(dropout), size == width

    def forward(self, state: State) -> State:
        values, mask = state
        present = values if mask is None else torch.where(mask.unsqueeze(-1), values, 0.0)
        features: Tensor = self.layer(present.transpose(1, 2)).transpose(1, 2)
        features = self.dropout(features.relu())
        return State(features + present if self.adds else features, mask)
