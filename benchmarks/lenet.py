"""The small networks for MultiMNIST."""

from __future__ import annotations

from torch import nn

__all__ = ["lenet", "pooled_lenet"]


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


def pooled_lenet(in_shape: tuple[int, ...]) -> nn.Sequential:
    """The network of Sener & Koltun (NeurIPS 2018): pooling after each convolution of 5 × 5."""
    return nn.Sequential(
        nn.Conv2d(in_shape[0], 10, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(10, 20, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(20 * 6 * 6, 50),
        nn.ReLU(),
    )
