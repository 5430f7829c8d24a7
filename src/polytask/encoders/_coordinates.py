"""Coordinates of numbers in bins."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from polytask.data import Part
from polytask.exceptions import ParameterError

__all__ = ["Coordinates", "check_bins"]

_LOW, _HIGH = -3.0, 4.0
"""Bounds of the coordinates of values outside of the training range."""


class Coordinates(nn.Module):
    """The coordinates of numbers (n, f) in their bins, (f, n, n_bins); 0 in absent bins."""

    left: Tensor
    slope: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, edges: Sequence[Sequence[float]], n_bins: int) -> None:
        super().__init__()
        left, width = torch.zeros(2, len(edges), 1, n_bins)
        low, high = torch.zeros_like(left), torch.ones_like(left)
        with torch.device("cpu"):
            ends = [torch.tensor(own, dtype=torch.float32) for own in edges]
        for column, own in enumerate(ends):
            n_own = max(0, len(own) - 1)
            if n_own:
                left[column, 0, :n_own], width[column, 0, :n_own] = own[:-1], own.diff()
                low[column, 0, 0], high[column, 0, n_own - 1] = _LOW, _HIGH
        slope = torch.where(width > 0, 1 / width.clamp_min(torch.finfo().tiny), 0.0)
        for name, tensor in {"left": left, "slope": slope, "low": low, "high": high}.items():
            self.register_buffer(name, tensor, persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        columns = numbers.t().contiguous()  # so that coordinates are laid out for the products
        distances = columns.unsqueeze(-1) - self.left
        return distances.mul_(self.slope).clamp_min_(self.low).clamp_max_(self.high)


def check_bins(name: str, part: Part) -> None:
    """Require the bins of an embedding's columns.

    Raises
    ------
    ParameterError
        If the schema learned none.
    """
    if len(part.edges) != part.shape[0]:
        sentence = (
            f"The `numbers` parameter cannot be {name} for schemas without bins of numeric "
            "columns. Fit the schemas with those of the architecture: "
            "fit_schemas(data, architecture.bins)."
        )
        raise ParameterError(sentence)
