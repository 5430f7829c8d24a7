"""Rates at which carried weights move."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["adapt_rates"]

_GROWTH = 1.2
_SLOWEST = 0.01


def adapt_rates(
    rates: Float[Tensor, " k"], residuals: Float[Tensor, " k"], last: Float[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Divide rates by 1.2 where a residual changed its sign, else multiply them, up to 1.

    Weights of conflicting tasks would oscillate otherwise; under noise, rates stay the same on
    average. None falls below 0.01.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation._adaptive_rates import adapt_rates
    >>> adapt_rates(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 1.0]), torch.tensor([1.0, -1.0]))
    tensor([0.6000, 0.4167])
    """
    factors = torch.where(residuals * last >= 0, _GROWTH, 1 / _GROWTH)
    return (rates * factors).clamp(_SLOWEST, 1.0)
