"""K-means of numbers on a line, solved exactly."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["group_means"]


def group_means(values: Float[Tensor, " k"], n_groups: int) -> Float[Tensor, " k"]:
    """The mean of each number's group, in the partition with the least squares within groups.

    Groups of an optimal partition are runs of the sorted numbers, found by dynamic programming.

    Parameters
    ----------
    values : tensor of shape (k,)
    n_groups : int
        As many groups at most.

    Examples
    --------
    >>> import torch
    >>> group_means(torch.tensor([1.0, 8.0, 2.0]), 2)
    tensor([1.5000, 8.0000, 1.5000])
    """
    if n_groups >= len(values):
        return values.clone()
    ordered, order = values.detach().double().cpu().sort()
    means = torch.empty_like(ordered)
    start = 0
    for stop in _stops(ordered, n_groups):
        means[order[start:stop]] = ordered[start:stop].mean()
        start = stop
    return means.to(values)


def _stops(ordered: Tensor, n_groups: int) -> list[int]:
    """Where each run ends."""
    size = len(ordered)
    cost = _costs(ordered)
    best = cost[0]  # best[j]: the first j numbers in as many groups as there have been
    last: list[Tensor] = []
    for _ in range(n_groups - 1):
        best, start = (best[:, None] + cost).min(dim=0)
        last.append(start)
    stops = [size]
    for starts in reversed(last):
        stops.append(int(starts[stops[-1]]))
    return stops[::-1]


def _costs(ordered: Tensor) -> Tensor:
    """Squares within the run from i to j (excluded), as cost[i, j]; inf where j < i."""
    size = len(ordered)
    centred = ordered - ordered.mean()
    scale = centred.abs().max()
    centred = centred / torch.where(scale > 0, scale, 1.0)
    sums = torch.cat([centred.new_zeros(1), centred.cumsum(dim=0)])
    squares = torch.cat([centred.new_zeros(1), (centred**2).cumsum(dim=0)])
    place = torch.arange(size + 1)
    length = place[None, :] - place[:, None]
    within = squares[None, :] - squares[:, None]
    within = within - (sums[None, :] - sums[:, None]) ** 2 / length.clamp(min=1)
    return torch.where(length >= 0, within.clamp(min=0.0), torch.inf)
