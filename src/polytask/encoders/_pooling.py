"""Pooling of sequences and maps to vectors."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from polytask.encoders._state import State
from polytask.exceptions import ParameterError

__all__ = ["feature_shape", "mean_pool", "pooled_width"]


def mean_pool(state: State) -> Float[Tensor, "n h"]:
    """One vector per row: the mean over the steps that count, or over the places of a map.

    Parameters
    ----------
    state : State
        Vectors stay as they are; a sequence without any step that counts gives zeros.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders import State, mean_pool
    >>> mean_pool(State(torch.ones(2, 3, 4, 4))).shape
    torch.Size([2, 3])
    """
    values, mask = state
    if values.ndim == 2:
        return values
    if values.ndim > 3:
        return values.flatten(2).mean(dim=2)
    if mask is None:
        return values.mean(dim=1)
    counted = mask.unsqueeze(-1).to(values.dtype)
    return (values * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)


def feature_shape(values: object) -> tuple[int, ...]:
    """Shape of a row's features after a stage.

    Raises
    ------
    ParameterError
        If it is no vector, sequence or map per row.
    """
    if isinstance(values, Tensor) and values.ndim > 1:
        return tuple(values.shape[1:])
    got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
    sentence = (
        "The `encoder` parameter must give features of shape (n, h), (n, l, h) or "
        f"(n, c, height, width). Got {got} instead."
    )
    raise ParameterError(sentence)


def pooled_width(shape: tuple[int, ...]) -> int:
    """Width of a row's pooled features: the last of (h,) and (l, h), the channels of a map.

    Examples
    --------
    >>> from polytask.encoders._pooling import pooled_width
    >>> pooled_width((16,)), pooled_width((50, 16)), pooled_width((8, 7, 7))
    (16, 16, 8)
    """
    return shape[0] if len(shape) > 2 else shape[-1]
