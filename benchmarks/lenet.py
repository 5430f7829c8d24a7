"""The small network for MultiMNIST."""

from __future__ import annotations

from torch import nn

__all__ = ["lenet"]


def lenet(in_shape: tuple[int, ...]) -> nn.Sequential:
    """Two convolutions and a layer of 50 units for images (1, 36, 36)."""
    return nn.Sequential(
        nn.Conv2d(in_shape[0], 10, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(10, 20, 3),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(20 * 7 * 7, 50),
        nn.ReLU(),
    )
