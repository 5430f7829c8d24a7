"""Small convolutional network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from torch import nn

from polytask._validation import Choice, Constraint, Each, Interval
from polytask.encoders._attention import dropout_layer
from polytask.encoders._encoder import TABLE_CONSTRAINTS
from polytask.encoders._image_encoder import ImageEncoder
from polytask.encoders._layers import activation_and_dropout
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
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["CNN"]


@dataclass(frozen=True)
class CNN(ImageEncoder):
    r"""Blocks of convolutions and max pooling over images, then fully connected layers.

    .. math:: h_l = \mathrm{dropout}(\mathrm{maxpool}(\mathrm{relu}(\mathrm{norm}(W_l * h_{l-1} + b_l))))

    Images of any size are taken. Numbers and categories of a row stand beside its image as channels
    that are constant over the map.

    Parameters
    ----------
    widths : tuple of int, default (32, 64, 128)
        Channels of each block, of which each is a stage.
    kernel : int, default 3
        Height and width of the convolutions; an even number counts as the next odd one.
    convolutions : int, default 1
        In each block.
    halved : bool, default True
        Whether each block ends with max pooling of 2 × 2 places; an odd one stays at the edge.
    normalization : {None, "group", "batch"}, optional
        After each convolution, in groups of at least four channels. Groups of a row's own places remove
        how bright it is, which some tasks need.
    dropout : float in [0, 1), default 0.0
        After each block and layer.
    pooling : {None, "grid", "mean", "max", "attention"}, default "grid"
        What makes one vector of the last map; "grid" keeps the means over the fields of a grid of
        4 × 4. With None the map stays, of which heads take the mean.
    dense : tuple of int, default (128,)
        Units of the layers after the pooling, of which each is a stage.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their images.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the images.

    Raises
    ------
    ParameterError
        If there are layers after a map that stays.

    Notes
    -----
    Deviations: as in VGG kernels are small, keep height and width, and are followed by ReLU and max
    pooling, where LeNet has sigmoids and means; as in PyTorch's version of VGG, a grid takes images of
    any size, here smaller; normalisations are in neither.

    References
    ----------
    LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE
    1998. Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
    recognition", ICLR 2015. Wu and He, "Group normalization", ECCV 2018.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import CNN
    >>> HardSharing(CNN((16, 32))).encoder.kernel
    3
    """

    widths: tuple[int, ...] = (32, 64, 128)
    kernel: int = 3
    convolutions: int = 1
    halved: bool = True
    normalization: str | None = None
    dropout: float = 0.0
    pooling: str | None = "grid"
    dense: tuple[int, ...] = (128,)
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(((32, 64, 128), (16, 32, 64), (32, 64), (64, 128, 256)), (32, 64, 128)),
        "kernel": Choices((3, 5)),
        "convolutions": Range(1, 2, default=1, integer=True),
        "normalization": Choices((None, "group", "batch")),
        "dropout": Range(0.0, 0.5, default=0.0),
        "pooling": Choices(("grid", "mean", "max", "attention")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "widths": Each(WIDTH),
        "kernel": COUNT,
        "convolutions": COUNT,
        "halved": Choice((True, False)),
        "normalization": MAP_NORMALIZATIONS,
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
        "pooling": Choice((None, "grid", *MAP_POOLINGS)),
        "dense": Each(WIDTH),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dense and self.pooling is None:
            sentence = (
                "The `dense` parameter of CNN must be () where `pooling` is None and the map stays. "
                f"Got {self.dense} instead; give a pooling, such as 'grid'."
            )
            raise ParameterError(sentence)

    def layers(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """One module per block, then one per layer."""
        sizes = (shape[0], *self.widths)
        built: list[nn.Module] = [self._block(taken, width) for taken, width in pairwise(sizes)]
        if self.pooling is None:
            return built
        pool, width = map_pooling(self.pooling, sizes[-1])
        if not self.dense:
            return [*built, pool]
        for taken, units in pairwise((width, *self.dense)):
            layers = [nn.Linear(taken, units), *activation_and_dropout("relu", self.dropout)]
            built.append(nn.Sequential(pool, *layers))
            pool = nn.Identity()
        return built

    def _block(self, channels: int, width: int) -> nn.Module:
        layers: list[nn.Module] = []
        for _ in range(self.convolutions):
            layers += convolution(channels, width, self.kernel | 1, self.normalization)
            layers.append(nn.ReLU())
            channels = width
        if self.halved:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        return nn.Sequential(*layers, dropout_layer(self.dropout))
