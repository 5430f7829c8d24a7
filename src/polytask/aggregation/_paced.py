"""How fast carried weights move."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["paced"]

_GROWTH = 1.2
_SLOWEST = 0.01


def paced(
    rates: Float[Tensor, " k"], residuals: Float[Tensor, " k"], last: Float[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Rates that shrink by 1.2 where a residual changed its sign, and else grow, up to 1.

    Weights of conflicting tasks would swing otherwise; noise leaves rates where they are on
    average. None falls below 0.01.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation._paced import paced
    >>> paced(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0]))
    tensor([0.6000, 0.4167])
    """
    factors = torch.where(residuals * last >= 0, _GROWTH, 1 / _GROWTH)
    return (rates * factors).clamp(_SLOWEST, 1.0)
