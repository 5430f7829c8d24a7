"""Exact K-means in one dimension."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["group_means"]


def group_means(values: Float[Tensor, " k"], n_groups: int) -> Float[Tensor, " k"]:
    """The mean of each number's group, in the partition with the smallest squares within groups.

    Groups of an optimal partition are runs of the sorted numbers; dynamic programming finds them.

    Parameters
    ----------
    values : tensor of shape (k,)
    n_groups : int
        Largest number of groups.

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
    """The end of each run."""
    size = len(ordered)
    sums, squares = _cumulated(ordered)
    every = torch.arange(size + 1, device=ordered.device)
    best = _costs(sums, squares, every[0], every)  # of the first j numbers, in the groups so far
    last: list[Tensor] = []  # where the last of these groups starts
    if n_groups > 2:
        between = _costs(sums, squares, every[:, None], every[None, :])
        for _ in range(n_groups - 2):
            best, start = (best[:, None] + between).min(dim=0)
            last.append(start)
    stops = [size]
    if n_groups > 1:
        to_the_end = _costs(sums, squares, every, every[-1])
        stops.append(int(torch.argmin(best + to_the_end)))
    for starts in reversed(last):
        stops.append(int(starts[stops[-1]]))
    return stops[::-1]


def _cumulated(ordered: Tensor) -> tuple[Tensor, Tensor]:
    """Cumulated sums of the numbers and of their squares, after standardisation."""
    centred = ordered - ordered.mean()
    scale = centred.abs().max()
    centred = centred / torch.where(scale > 0, scale, 1.0)
    none = centred.new_zeros(1)
    return torch.cat([none, centred.cumsum(dim=0)]), torch.cat([none, (centred**2).cumsum(dim=0)])


def _costs(sums: Tensor, squares: Tensor, start: Tensor, stop: Tensor) -> Tensor:
    """Squares within runs from start to stop (exclusive); inf where stop is before start."""
    length = stop - start
    within = squares[stop] - squares[start]
    within = within - (sums[stop] - sums[start]) ** 2 / length.clamp(min=1)
    return torch.where(length >= 0, within.clamp(min=0.0), torch.inf)
