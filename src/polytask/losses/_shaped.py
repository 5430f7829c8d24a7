"""Flat scores and labels in the shape that their kind gives them."""

from __future__ import annotations

from jaxtyping import Shaped
from torch import Tensor

__all__ = ["shaped"]


def shaped(flat: Shaped[Tensor, "*rows size"], shape: tuple[int, ...]) -> Shaped[Tensor, "..."]:
    """The last axis unfolded into `shape`; the same tensor if that is one axis.

    Examples
    --------
    >>> import torch
    >>> from polytask.losses._shaped import shaped
    >>> shaped(torch.zeros(5, 2, 6), (2, 3)).shape
    torch.Size([5, 2, 2, 3])
    """
    return flat if len(shape) == 1 else flat.reshape(*flat.shape[:-1], *shape)
