"""The most precise type of numbers of a device."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["widest_type"]


def widest_type(values: Tensor) -> torch.dtype:
    """Double precision, or the type of the values on devices that have none (MPS).

    Examples
    --------
    >>> import torch
    >>> from polytask.losses._widest_type import widest_type
    >>> widest_type(torch.zeros(2))
    torch.float64
    """
    return values.dtype if values.device.type == "mps" else torch.float64
