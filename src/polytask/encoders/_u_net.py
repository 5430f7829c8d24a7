"""Convolutional network that keeps height and width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, Each, Interval
from polytask.encoders._attention import dropout_layer
from polytask.encoders._encoder import TABLE_CONSTRAINTS
from polytask.encoders._image_encoder import ImageEncoder
from polytask.encoders._map_layers import MAP_NORMALIZATIONS, convolution
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._sizes import WIDTH
from polytask.encoders._standardized import Standardized
from polytask.exceptions import ParameterError
from polytask.ranges import Choices, Range, SearchRange

__all__ = ["UNet"]


@dataclass(frozen=True)
class UNet(ImageEncoder):
    r"""Convolutions at ever fewer places and back, joined at every size (U-Net).

    .. math:: d_0 = C_0(x), \qquad d_l = C_l(\mathrm{maxpool}(d_{l-1})), \qquad
              u_l = C'_l([d_l, \mathrm{up}(u_{l+1})]), \qquad u_L = d_L

    with two convolutions C of 3 × 3, each followed by its norm and a ReLU, and transposed
    convolutions of 2 × 2 to go up. The features :math:`u_0` have the height and width of the image, for
    tasks that label its places; other tasks have their mean. Images of any size are taken.

    Parameters
    ----------
    widths : tuple of int, default (32, 64, 128, 256)
        Channels :math:`d_0, \dots, d_L`; each halves height and width.
    normalization : {None, "group", "batch"}, default "group"
        After each convolution, in groups of at least four channels.
    dropout : float in [0, 1), default 0.0
        Of the map with the fewest places.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their images.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the images.

    Raises
    ------
    ParameterError
        If there are no widths.

    Notes
    -----
    It has three stages at which architectures meet, all of the image's height and width:
    :math:`C_0`, everything below it, and :math:`C'_0`.

    Deviations: convolutions pad, so that the map keeps the image's size; widths start at 32 and there
    are four, where the paper has five from 64 on; group normalisation is new; an odd place stays at
    the edge when maps are halved, and what comes back up is cut to the size of the map it joins.

    References
    ----------
    Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation",
    MICCAI 2015. Wu and He, "Group normalization", ECCV 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders import UNet
    >>> maps = torch.zeros(2, 3, 13, 10)
    >>> for stage in UNet((4, 8, 16)).stages((3, 13, 10)):
    ...     maps = stage(maps)
    >>> maps.shape
    torch.Size([2, 4, 13, 10])
    """

    widths: tuple[int, ...] = (32, 64, 128, 256)
    normalization: str | None = "group"
    dropout: float = 0.0
    embedding_dim: int = 8
    numbers: NumericEmbedding | str = field(default=Standardized(), metadata={"omit_default": True})

    rows_at_once: ClassVar[int] = 64
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "widths": Choices(
            ((32, 64, 128, 256), (16, 32, 64), (32, 64, 128), (64, 128, 256, 512)),
            (32, 64, 128, 256),
        ),
        "normalization": Choices(("group", "batch")),
        "dropout": Range(0.0, 0.5, default=0.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **TABLE_CONSTRAINTS,
        "widths": Each(WIDTH),
        "normalization": MAP_NORMALIZATIONS,
        "dropout": Interval(float, 0.0, 1.0, closed="left"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.widths:
            sentence = (
                "The `widths` parameter of UNet must hold at least one width. Got () instead; give "
                "(32, 64, 128), say."
            )
            raise ParameterError(sentence)

    def layers(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The first convolutions, all that is below them, and the last ones."""
        first, norm = self.widths[0], self.normalization
        start = _twice(shape[0], first, norm)
        if len(self.widths) == 1:
            return [start, _twice(first, first, norm)]
        return [start, _Below(self.widths, norm, self.dropout), _twice(2 * first, first, norm)]


class _Below(nn.Module):
    """A map, and beside it what comes back up from below it."""

    def __init__(self, widths: Sequence[int], normalization: str | None, dropout: float) -> None:
        super().__init__()
        self.pool, self.dropout = nn.MaxPool2d(2, ceil_mode=True), dropout_layer(dropout)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(_twice(high, low, normalization) for high, low in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, 2) for high, low in pairs)
        self.join = nn.ModuleList(_twice(2 * low, low, normalization) for _, low in pairs[:-1])

    def forward(self, maps: Tensor) -> Tensor:
        passed = [maps]
        for down in self.down:
            passed.append(down(self.pool(passed[-1])))
        values = self.dropout(passed.pop())
        for level in reversed(range(len(self.up))):
            beside = passed.pop()
            raised = self.up[level](values)[..., : beside.shape[-2], : beside.shape[-1]]
            values = torch.cat([beside, raised], dim=1)
            if level:
                values = self.join[level - 1](values)
        return values


def _twice(channels: int, width: int, normalization: str | None) -> nn.Sequential:
    """Two convolutions."""
    first = [*convolution(channels, width, 3, normalization), nn.ReLU()]
    return nn.Sequential(*first, *convolution(width, width, 3, normalization), nn.ReLU())
