"""Layers of maps: convolutions with their normalisation, and what makes a vector of a map."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polytask._validation import Choice
from polytask.encoders._state import State
from polytask.encoders._step_pooling import POOLINGS, pooling_stage

__all__ = [
    "GRID",
    "MAP_NORMALIZATIONS",
    "MAP_POOLINGS",
    "WithoutMask",
    "convolution",
    "map_normalization",
    "map_pooling",
]

MAP_NORMALIZATIONS = Choice((None, "group", "batch"))
GRID = 4
"""Places along each side of the map that the pooling "grid" keeps."""
MAP_POOLINGS = tuple(name for name in POOLINGS if name != "last")
_MOST_GROUPS = 32
_LEAST_OF_A_GROUP = 4


def convolution(
    channels: int, width: int, kernel: int, normalization: str | None, stride: int = 1
) -> list[nn.Module]:
    """A convolution that keeps height and width, but for its stride, and its normalisation.

    Examples
    --------
    >>> from polytask.encoders._map_layers import convolution
    >>> convolution(3, 16, 3, "group")[1].num_groups
    4
    """
    norm = map_normalization(normalization, width)
    layer = nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=not norm)
    return [layer, *norm]


def map_normalization(name: str | None, channels: int) -> list[nn.Module]:
    """The normalisation of that name over maps; none for None.

    Groups hold at least four channels, and there are at most 32: a channel alone, of which little
    but its places would stay, is no group.
    """
    if name is None:
        return []
    if name == "batch":
        return [nn.BatchNorm2d(channels)]
    most = max(1, min(_MOST_GROUPS, channels // _LEAST_OF_A_GROUP))
    groups = next(n for n in range(most, 0, -1) if channels % n == 0)
    return [nn.GroupNorm(groups, channels)]


def map_pooling(name: str, channels: int) -> tuple[nn.Module, int]:
    """The module of that name that makes a vector of a map, and the vector's width.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._map_layers import map_pooling
    >>> for name in ("mean", "max", "attention", "grid"):
    ...     pool, width = map_pooling(name, 3)
    ...     assert pool(torch.ones(2, 3, 9, 7)).shape == (2, width)
    """
    if name == "grid":
        return _Grid(), channels * GRID**2
    pooling = WithoutMask(*pooling_stage(name, channels))
    return nn.Sequential(_Places(), pooling), channels


class _Grid(nn.Module):
    """Means over the fields of a grid, one beside the other."""

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(maps, GRID).flatten(1)


class _Places(nn.Module):
    """The places of a map as steps."""

    def forward(self, maps: Tensor) -> Tensor:
        return torch.flatten(maps, 2).transpose(1, 2)


class WithoutMask(nn.Module):
    """A `MaskedStage` over steps that all count, as a module from tensors to tensors."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage

    def forward(self, steps: Tensor) -> Tensor:
        state: State = self.stage(State(steps))
        return state.values
