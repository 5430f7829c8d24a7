"""Transformer over the steps of text, tokens or sequences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint
from polytask.encoders._attention import Attention, dropout_layer
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sequence_encoder import SEQUENCE_CONSTRAINTS, SequenceEncoder
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import MaskedStage, State
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["Transformer", "TransformerBlock"]


@dataclass(frozen=True)
class Transformer(SequenceEncoder):
    r"""Blocks of self-attention and a feed-forward layer, each added to what it reads.

    .. math:: u = h + \mathrm{attention}(\mathrm{norm}(h)), \qquad
              h' = u + W_2 \, \mathrm{gelu}(W_1 \, \mathrm{norm}(u))

    Steps attend to all steps of their row, in both directions, and carry their place as sines and
    cosines. Norms stand before the layers.

    Parameters
    ----------
    width : int, default 128
        Of a step's vector; a multiple of `n_heads`.
    depth : int, default 2
        Blocks, of which each is a stage.
    n_heads : int, default 4
    feed_forward : int, default 256
        Units of the feed-forward layer.
    dropout : float in [0, 1), default 0.1
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

    Raises
    ------
    ParameterError
        If `n_heads` does not divide `width`.

    Notes
    -----
    Deviation: norms stand before the layers, not after the sums, which trains without a warm-up.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017. Xiong et al., "On layer normalization
    in the transformer architecture", ICML 2020.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import Transformer
    >>> HardSharing(Transformer(depth=1)).encoder.n_heads
    4
    """

    width: int = 128
    depth: int = 2
    n_heads: int = 4
    feed_forward: int = 256
    dropout: float = 0.1
    word_dim: int = 64
    word_dropout: float = 0.05
    pooling: str | None = None
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 64
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "width": Choices((128, 64, 256)),
        "depth": Range(1, 4, default=2, integer=True),
        "feed_forward": Choices((256, 128, 512)),
        "dropout": Range(0.0, 0.5, default=0.1),
        "word_dim": Choices((64, 32, 128, 256)),
        "pooling": Choices((None, "last", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **SEQUENCE_CONSTRAINTS,
        "width": WIDTH,
        "depth": COUNT,
        "n_heads": COUNT,
        "feed_forward": WIDTH,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.n_heads:
            sentence = (
                f"The `n_heads` parameter of Transformer must divide `width`, {self.width}. Got "
                f"{self.n_heads} instead; give a `width` that is a multiple of it."
            )
            raise ParameterError(sentence)

    def layers(self, size: int) -> tuple[list[nn.Module], int]:
        """The blocks, the first with the places of steps, the last with a norm."""
        blocks = [
            TransformerBlock(self.width, self.n_heads, self.feed_forward, self.dropout)
            for _ in range(self.depth)
        ]
        blocks[0].places = _Places(size, self.width)
        blocks[-1].last = nn.LayerNorm(self.width)
        return list(blocks), self.width


class _Places(nn.Module):
    """Steps in the width of the blocks, with the sines and cosines of their places added."""

    frequencies: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, width)
        n_waves = (width + 1) // 2
        frequencies = torch.exp(torch.arange(n_waves) * (-math.log(10_000.0) / max(n_waves, 1)))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, steps: Tensor) -> Tensor:
        angles = torch.arange(steps.shape[-2], device=steps.device)[:, None] * self.frequencies
        waves = torch.cat([angles.sin(), angles.cos()], dim=-1)
        placed: Tensor = self.layer(steps)
        return placed + waves[:, : placed.shape[-1]].to(placed.dtype)


class TransformerBlock(MaskedStage):
    """Attention, then a feed-forward layer, each added to what it reads."""

    def __init__(self, width: int, n_heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.places: nn.Module = nn.Identity()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, n_heads, dropout)
        self.dropout = dropout_layer(dropout)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, feed_forward),
            nn.GELU(),
            dropout_layer(dropout),
            nn.Linear(feed_forward, width),
        )
        self.last: nn.Module = nn.Identity()

    def forward(self, state: State) -> State:
        values, mask = self.places(state.values), state.mask
        read = self.norm(values)
        values = values + self.dropout(self.attention(read, read, mask))
        values = values + self.dropout(self.feed_forward(values))
        return State(self.last(values), mask)
