"""Means over the observed cells of a row."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["mean_over_observed"]


def mean_over_observed(
    cells: Float[Tensor, "*rows c"], mask: Bool[Tensor, "*rows c"]
) -> Float[Tensor, "*rows"]:
    """Mean over a row's observed cells; for one column the cell itself."""
    if cells.shape[-1] == 1:
        return cells.squeeze(-1)
    observed = mask.to(cells.dtype)
    return (cells * observed).sum(dim=-1) / observed.sum(dim=-1).clamp(min=1.0)
