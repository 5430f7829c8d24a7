"""The first layer for images: a map per row, the rest of the row beside each of its places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._state import State
from polytask.encoders._table_entry import TableEntry

__all__ = ["ImageEntry", "image_parts"]


def image_parts(parts: Sequence[Part]) -> list[Part]:
    """The images among parts; tensors of height and width where there are none.

    Examples
    --------
    >>> from polytask.data import Part
    >>> from polytask.encoders._image_entry import image_parts
    >>> image_parts([Part("tensor:x", "tensor", (8, 8)), Part("numeric", "numeric", (3,))])
    [Part(name='tensor:x', role='tensor', shape=(8, 8), cardinalities=())]
    """
    images = [part for part in parts if part.role == "image"]
    return images or [part for part in parts if part.role == "tensor" and len(part.shape) == 2]


class ImageEntry(nn.Module):
    """Images of a row behind one another as channels.

    The rest of a row (numbers, categories, other tensors) stands as one vector beside each place
    of its images, as channels that are constant over the map.

    Parameters
    ----------
    parts : sequence of Part
        At least one image, all of one height and width; tensors of height and width alone are images
        of one channel where there are no others.
    embedding_dim : int
        Width of the category embedding.
    numbers : NumericEmbedding or str
        Embedding of the numeric columns.

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._image_entry import ImageEntry
    >>> parts = [Part("numeric", "numeric", (2,)), Part("tensor:photo", "image", (3, 8, 6))]
    >>> entry = ImageEntry(parts, 8, "standardized")
    >>> entry({"numeric": torch.ones(5, 2), "tensor:photo": torch.ones(5, 3, 8, 6)}).values.shape
    torch.Size([5, 5, 8, 6])
    """

    def __init__(
        self, parts: Sequence[Part], embedding_dim: int, numbers: NumericEmbedding | str
    ) -> None:
        super().__init__()
        images = image_parts(parts)
        rest = [part for part in parts if part not in images]
        self.names = tuple(part.name for part in images)
        self.rest = TableEntry(rest, embedding_dim, numbers) if rest else None

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """The map of n rows, (n, c, height, width)."""
        maps = [inputs[name] for name in self.names]
        maps = [own.unsqueeze(1) if own.ndim == 3 else own for own in maps]
        if self.rest is not None:
            row = self.rest(inputs).values
            maps.append(row[:, :, None, None].expand(-1, -1, *maps[0].shape[2:]))
        return State(maps[0] if len(maps) == 1 else torch.cat(maps, dim=1))
