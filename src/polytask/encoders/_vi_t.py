"""Transformer over the patches of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Choice, Constraint, Interval, Optional
from polytask.encoders._attention import dropout_layer
from polytask.encoders._encoder import TABLE_CONSTRAINTS
from polytask.encoders._image_encoder import ImageEncoder
from polytask.encoders._map_layers import MAP_POOLINGS, WithoutMask
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import State
from polytask.encoders._step_pooling import pooling_stage
from polytask.encoders._transformer import TransformerBlock
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["ViT"]

_PER_SIDE = 8
"""Patches along the longer side of an image, where their size is not given."""


@dataclass(frozen=True)
class ViT(ImageEncoder):
    r"""Blocks of self-attention between the patches of an image (vision transformer).

    .. math:: h_0 = [c;\, W x_1 + p_1;\, \dots;\, W x_l + p_l], \qquad
              u = h + \mathrm{attention}(\mathrm{norm}(h)), \qquad
              h' = u + W_2 \, \mathrm{gelu}(W_1 \, \mathrm{norm}(u))

    with patches x, learned positions p and a learned vector c, whose place in the last block holds the
    features of the row.

    Parameters
    ----------
    patch : int, optional
        Height and width of a patch; with None an eighth of the image's longer side. Images whose
        sides are no multiple of it are padded with zeros.
    width : int, default 128
        Of a patch's vector; a multiple of `n_heads`.
    depth : int, default 4
        Blocks, of which each is a stage.
    n_heads : int, default 4
    feed_forward : int, default 256
        Units of the feed-forward layer.
    dropout : float in [0, 1), default 0.1
    pooling : {None, "class", "mean", "max", "attention"}, default "class"
        What makes one vector of the patches: that of the vector c, or of the patches, without any c.
        With None the patches stay as steps, of which heads take the mean.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their images.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the images.

    Raises
    ------
    ParameterError
        If `n_heads` does not divide `width`.

    Notes
    -----
    Positions are those of the images of the first source; of other sizes they are interpolated, as
    the paper does for larger images.

    Deviations: the size, for small data sets, where the paper's smallest has 12 blocks of 768 and
    patches of 16 places; no weight decay by default, which the trainer sets.

    References
    ----------
    Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale",
    ICLR 2021.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import ViT
    >>> HardSharing(ViT(patch=4, depth=2)).encoder.n_heads
    4
    """

    patch: int | None = None
    width: int = 128
    depth: int = 4
    n_heads: int = 4
    feed_forward: int = 256
    dropout: float = 0.1
    pooling: str | None = "class"
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 64
    training: ClassVar[Mapping[str, Any]] = {
        "optimizer": "adamw",
        "scheduler": "cosine_with_warmup",
        "clip_norm": 1.0,
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "width": Choices((128, 64, 192)),
        "depth": Range(2, 8, default=4, integer=True),
        "feed_forward": Choices((256, 128, 512)),
        "dropout": Range(0.0, 0.5, default=0.1),
        "pooling": Choices(("class", "mean", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "patch": Optional(WIDTH),
        "width": WIDTH,
        "depth": COUNT,
        "n_heads": COUNT,
        "feed_forward": WIDTH,
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "pooling": Choice((None, "class", *MAP_POOLINGS)),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.n_heads:
            sentence = (
                f"The `n_heads` parameter of ViT must divide `width`, {self.width}. Got "
                f"{self.n_heads} instead; give a `width` that is a multiple of it."
            )
            raise ParameterError(sentence)

    def layers(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The blocks, the first with the patches, the last with a norm; then the pooling."""
        sizes = (self.width, self.n_heads, self.feed_forward, self.dropout)
        blocks = [_Block(*sizes) for _ in range(self.depth)]
        patch = self.patch or max(1, -(-max(shape[1:]) // _PER_SIDE))
        by_class = self.pooling == "class"
        blocks[0].places = _Patches(shape, patch, self.width, self.dropout, by_class=by_class)
        blocks[-1].last = nn.LayerNorm(self.width)
        if self.pooling is None:
            return blocks
        return [
            *blocks,
            _First() if by_class else WithoutMask(*pooling_stage(self.pooling, self.width)),
        ]


class _Block(nn.Module):
    """A block of a transformer whose steps all count."""

    def __init__(self, width: int, n_heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.places: nn.Module = nn.Identity()
        self.block = TransformerBlock(width, n_heads, feed_forward, dropout)
        self.last: nn.Module = nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        features: Tensor = self.last(self.block(State(self.places(values))).values)
        return features


class _Patches(nn.Module):
    """Maps (n, c, height, width) as vectors of patches (n, l, h) with their positions added."""

    def __init__(
        self, shape: tuple[int, ...], patch: int, width: int, dropout: float, *, by_class: bool
    ) -> None:
        super().__init__()
        self.patch = patch
        self.layer = nn.Conv2d(shape[0], width, patch, patch)
        rows, columns = (-(-side // patch) for side in shape[1:])
        self.positions = nn.Parameter(torch.empty(width, rows, columns))
        self.first = nn.Parameter(torch.empty(width)) if by_class else None
        self.dropout = dropout_layer(dropout)
        nn.init.normal_(self.positions, std=0.02)
        if self.first is not None:
            nn.init.normal_(self.first, std=0.02)

    def forward(self, maps: Tensor) -> Tensor:
        short = [-side % self.patch for side in maps.shape[-2:]]
        if any(short):
            maps = nn.functional.pad(maps, (0, short[1], 0, short[0]))
        patches: Tensor = self.layer(maps)
        positions: Tensor = self.positions
        if patches.shape[-2:] != positions.shape[-2:]:
            size = (patches.shape[-2], patches.shape[-1])
            positions = nn.functional.interpolate(positions.unsqueeze(0), size, mode="bilinear")[0]
        steps = (patches + positions).flatten(-2).transpose(-2, -1)
        if self.first is not None:
            steps = torch.cat([self.first.expand(len(steps), 1, -1), steps], dim=1)
        embedded: Tensor = self.dropout(steps)
        return embedded


class _First(nn.Module):
    """The first step."""

    def forward(self, values: Tensor) -> Tensor:
        return values[:, 0]
