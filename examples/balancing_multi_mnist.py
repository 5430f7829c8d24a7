"""Balancing two tasks on one network of convolutions: which digit is left, which is right.

POLYTASK_DATA=... python examples/balancing_multi_mnist.py
"""

import numpy as np
from torch import nn

from polytask.architectures import HardSharing
from polytask.datasets import fetch_multi_mnist
from polytask.training import Trainer


def lenet(in_shape: tuple[int, ...]) -> nn.Module:
    """Any module serves; polytask adds a linear head for each task."""
    return nn.Sequential(
        *(nn.Conv2d(in_shape[0], 10, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(20 * 6 * 6, 50), nn.ReLU()),
    )


def main(rows: int = 2000, steps: int = 150) -> None:
    """Train the same network by three ways of balancing."""
    digits = fetch_multi_mnist(n_train=rows, n_test=500)
    (split,) = digits.split.splits(digits.dataset, seed=0)
    train, validation, _ = split.apply(digits.dataset)
    for balancing in ({}, {"weighting": "uncertainty_weighting"}, {"aggregation": "mgda"}):
        trainer = Trainer(steps=steps, batch_size=64, learning_rate=2e-3, **balancing)
        history = trainer.fit(HardSharing(lenet), train, validation).history
        best = history.epochs[history.best_epoch - 1]
        losses = ", ".join(f"{task} {loss:.2f}" for task, loss in best.validation_losses.items())
        weights = np.round([*best.weights.values()], 2).tolist()
        name = " ".join(balancing.values()) or "plain sum"
        print(f"{name}: validation losses {losses}; weights {weights}; {history.seconds:.0f} s")


if __name__ == "__main__":
    main()
