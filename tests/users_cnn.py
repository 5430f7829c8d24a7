"""Convolutions at the top of a module, so that models with them can be saved."""

from torch import nn


def small_cnn(shape: tuple[int, ...]) -> nn.Module:
    """Two convolutions over images of any size; gives a map."""
    return nn.Sequential(
        nn.Conv2d(shape[0], 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU()
    )
