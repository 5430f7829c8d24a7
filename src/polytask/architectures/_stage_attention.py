"""Masks of all tasks on the features of one stage of a shared network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.encoders import State, mean_pool
from polytask.encoders._pooling import pooled_width

__all__ = ["StageAttention"]

Shape = tuple[int, ...]


class StageAttention(nn.Module):
    """Masks of all tasks on the features of one stage of a shared network.

    Parameters
    ----------
    shape : tuple of int
        Shape of a row's features after the stage.
    before : tuple of int, optional
        That of what the tasks selected from the stage before.
    tasks : sequence of str
    """

    def __init__(self, shape: Shape, before: Shape | None, tasks: Sequence[str]) -> None:
        super().__init__()
        channels, seen = pooled_width(shape), pooled_width(shape)
        self.carry: Copies | None = None
        if before is not None:
            seen += channels
            entering = before if len(before) == len(shape) else (pooled_width(before),)
            layers = [nn.Sequential(_carrying(entering, channels), nn.ReLU()) for _ in tasks]
            self.carry = Copies(layers, torch.zeros(2, *entering), apart=True, tasks=tasks)
        masks = [_mask(shape, seen, channels) for _ in tasks]
        joined = list(shape)
        joined[0 if len(shape) > 2 else -1] = seen
        self.mask = Copies(masks, torch.zeros(2, *joined), apart=True, tasks=tasks)

    def forward(
        self,
        shared: Tensor,
        selected: State | None,
        sizes: Sequence[int] | None,
        members: Sequence[int] | None,
    ) -> Tensor:
        """What every task selects from the stage's features.

        Parameters
        ----------
        shared : tensor of shape (n_tasks, n, …)
        selected : State, optional
            What every task selected from the stage before, (n_tasks, n, …), mask (n_tasks, n, l).
        sizes, members : sequence of int, optional
            As in `Copies`: rows that count, and the tasks that there are.
        """
        seen = shared
        if self.carry is not None and selected is not None:
            carried = self.carry(_brought(selected, shared), sizes, members)
            seen = torch.cat([shared, _over_places(carried, shared)], dim=_channel_axis(shared))
        return self.mask(seen, sizes, members) * shared


def _mask(shape: Shape, seen: int, channels: int) -> nn.Module:
    layers = [_linear(shape, seen, channels), nn.ReLU(), _linear(shape, channels, channels)]
    return nn.Sequential(*layers, nn.Sigmoid())


def _linear(shape: Shape, seen: int, channels: int) -> nn.Module:
    """A linear layer over the channels, at every place."""
    return nn.Conv2d(seen, channels, 1) if len(shape) > 2 else nn.Linear(seen, channels)


def _carrying(shape: Shape, channels: int) -> nn.Module:
    if len(shape) > 2:
        return nn.Conv2d(shape[0], channels, 3, padding=1)
    return nn.Linear(shape[-1], channels)


def _channel_axis(values: Tensor) -> int:
    return 2 if values.ndim > 4 else -1


def _places(values: Tensor) -> tuple[int, ...]:
    """Steps of a sequence, or height and width of a map."""
    return tuple(values.shape[3:] if values.ndim > 4 else values.shape[2:-1])


def _brought(selected: State, shared: Tensor) -> Tensor:
    """Features (n_tasks, n, …) at the places of a stage, or the mean over their places."""
    values, mask = selected
    if values.ndim == shared.ndim and _places(values) == _places(shared):
        return values
    rows = values.flatten(0, 1)
    if values.ndim == shared.ndim > 4:
        pooled = nn.functional.adaptive_avg_pool2d(rows, (shared.shape[3], shared.shape[4]))
    else:
        pooled = mean_pool(State(rows, None if mask is None else mask.flatten(0, 1)))
    return pooled.view(*values.shape[:2], *pooled.shape[1:])


def _over_places(carried: Tensor, shared: Tensor) -> Tensor:
    """Vectors of rows repeated over the places of a stage's features."""
    if carried.ndim == shared.ndim:
        return carried
    if shared.ndim > 4:
        carried = carried[(..., *[None] * (shared.ndim - 3))]
        return carried.expand(*carried.shape[:3], *shared.shape[3:])
    return carried.unsqueeze(2).expand(-1, -1, shared.shape[2], -1)
