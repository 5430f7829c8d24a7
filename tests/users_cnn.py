"""Convolutions at the top of a module, so that models with them can be saved."""

import torch
from torch import Tensor, nn


def small_cnn(shape: tuple[int, ...]) -> nn.Module:
    """Two convolutions over images of any size; gives a map."""
    return nn.Sequential(
        nn.Conv2d(shape[0], 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU()
    )


class MeanAndSpread(nn.Module):
    """Two numbers of a row, however many it has."""

    def forward(self, rows: Tensor) -> Tensor:
        return torch.stack([rows.mean(dim=1), rows.std(dim=1)], dim=1)


def mean_and_spread(shape: tuple[int, ...]) -> nn.Module:
    """Few features of many numbers, without a weight for each."""
    del shape
    return MeanAndSpread()
