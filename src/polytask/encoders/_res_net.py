"""Residual convolutional network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

from polytask._validation import Choice, Constraint, Each
from polytask.encoders._encoder import TABLE_CONSTRAINTS
from polytask.encoders._image_encoder import ImageEncoder
from polytask.encoders._map_layers import (
    MAP_NORMALIZATIONS,
    MAP_POOLINGS,
    convolution,
    map_pooling,
)
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.encoders._standardized import Standardized
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, SearchRange

__all__ = ["ResNet"]


@dataclass(frozen=True)
class ResNet(ImageEncoder):
    r"""Blocks of two convolutions, each added to what it reads (ResNet).

    .. math:: h' = \mathrm{relu}\big(S h + \mathrm{norm}(W_2 *
              \mathrm{relu}(\mathrm{norm}(W_1 * h)))\big)

    with S the identity, or a convolution of 1 × 1 and its norm where the size changes. The stem is a
    stage, and so are the blocks of one width, of which all but the first halve height and width. The
    default is ResNet-20 for small images; ResNet-18 is
    ``ResNet((2, 2, 2, 2), (64, 128, 256, 512), stem="imagenet")``.

    Parameters
    ----------
    depths : tuple of int, default (3, 3, 3)
        Blocks of each width.
    widths : tuple of int, default (16, 32, 64)
        Channels.
    stem : {"cifar", "imagenet"}, default "cifar"
        The first convolution: of 3 × 3 places, or of 7 × 7 at every second place with max pooling,
        which leaves a quarter of height and width.
    normalization : {None, "group", "batch"}, default "group"
        After each convolution, in groups of at least four channels.
    pooling : {None, "mean", "max", "attention", "grid"}, default None
        What makes one vector of the last map; "grid" keeps the means over the fields of a grid of
        4 × 4. With None the map stays, of which heads take the mean.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their images.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the images.

    Raises
    ------
    ParameterError
        If `depths` and `widths` differ in length.

    Notes
    -----
    Deviations: group normalisation by default in place of that of the batch, so that a row's
    features depend on no other row, tasks may have batches of their own, and the networks of several
    tasks run in one pass; ``normalization="batch"`` is the paper's. Shortcuts to other sizes are
    convolutions (B in the paper), also for small images, where the paper pads with zeros (A). Initial
    weights are PyTorch's own.

    References
    ----------
    He et al., "Deep residual learning for image recognition", CVPR 2016. Wu and He, "Group
    normalization", ECCV 2018.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import ResNet
    >>> HardSharing(ResNet((1, 1), (16, 32))).encoder.stem
    'cifar'
    """

    depths: tuple[int, ...] = (3, 3, 3)
    widths: tuple[int, ...] = (16, 32, 64)
    stem: str = "cifar"
    normalization: str | None = "group"
    pooling: str | None = None
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 128
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "depths": Choices(((3, 3, 3), (1, 1, 1), (2, 2, 2), (5, 5, 5)), (3, 3, 3)),
        "widths": Choices(((16, 32, 64), (32, 64, 128), (64, 128, 256)), (16, 32, 64)),
        "stem": Choices(("cifar", "imagenet")),
        "normalization": Choices(("group", "batch")),
        "pooling": Choices((None, "max", "attention", "grid")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "depths": Each(COUNT),
        "widths": Each(WIDTH),
        "stem": Choice(("cifar", "imagenet")),
        "normalization": MAP_NORMALIZATIONS,
        "pooling": Choice((None, "grid", *MAP_POOLINGS)),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.depths) != len(self.widths) or not self.widths:
            sentence = (
                "The `depths` parameter of ResNet must say how many blocks each of `widths` has, at "
                f"least one. Got {self.depths} for {self.widths} instead; give as many of both."
            )
            raise ParameterError(sentence)

    def layers(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The stem, the blocks of each width, and the pooling if there is one."""
        built: list[nn.Module] = [self._stem(shape[0])]
        channels = self.widths[0]
        for place, (depth, width) in enumerate(zip(self.depths, self.widths, strict=True)):
            strides = (2 if place else 1, *(1,) * (depth - 1))
            blocks = []
            for stride in strides:
                blocks.append(_Block(channels, width, stride, self.normalization))
                channels = width
            built.append(nn.Sequential(*blocks))
        return built if self.pooling is None else [*built, map_pooling(self.pooling, channels)[0]]

    def _stem(self, channels: int) -> nn.Module:
        kernel, stride = (3, 1) if self.stem == "cifar" else (7, 2)
        layers = convolution(channels, self.widths[0], kernel, self.normalization, stride)
        pool = [] if self.stem == "cifar" else [nn.MaxPool2d(3, 2, padding=1)]
        return nn.Sequential(*layers, nn.ReLU(), *pool)


class _Block(nn.Module):
    """Two convolutions, added to what they read."""

    def __init__(self, channels: int, width: int, stride: int, normalization: str | None) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, width, 3, normalization, stride),
            nn.ReLU(),
            *convolution(width, width, 3, normalization),
        )
        same = stride == 1 and channels == width
        shortcut = [] if same else convolution(channels, width, 1, normalization, stride)
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, maps: Tensor) -> Tensor:
        added: Tensor = self.shortcut(maps) + self.layers(maps)
        return added.relu()
