"""A network with a shared trunk and linear heads, its batch and its optimiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["BATCH_SIZE", "NETWORKS", "AbsentError", "Case", "Contender", "SkipError", "make_case"]

BATCH_SIZE = 128


class SkipError(Exception):
    """Why something is not measured."""


class AbsentError(SkipError):
    """A peer does not have the method."""


@dataclass
class Case:
    """Everything one step needs; `rows` says whose each row is, where tasks have their own."""

    trunk: nn.Sequential
    heads: nn.ModuleList
    inputs: Tensor
    targets: Tensor
    rows: Tensor | None
    optimizer: torch.optim.Optimizer = field(init=False)

    @property
    def n_tasks(self) -> int:
        """How many tasks there are."""
        return len(self.heads)

    @property
    def shared(self) -> list[nn.Parameter]:
        """Parameters of the trunk."""
        return list(self.trunk.parameters())

    def losses(self, features: Tensor) -> list[Tensor]:
        """A mean squared error per task, over its own rows where it has some."""
        if self.rows is None:
            parts = [(features, target) for target in self.targets.T]
        else:
            sizes = torch.bincount(self.rows, minlength=self.n_tasks).tolist()
            parts = list(zip(features.split(sizes), self.targets.split(sizes), strict=True))
        return [
            (head(part).squeeze(1) - target).square().mean()
            for head, (part, target) in zip(self.heads, parts, strict=True)
        ]

    def losses_apart(self) -> list[Tensor]:
        """The same losses, a forward pass for each task's own rows."""
        sizes = torch.bincount(self.rows, minlength=self.n_tasks).tolist()
        parts = zip(self.inputs.split(sizes), self.targets.split(sizes), strict=True)
        return [
            (head(self.trunk(part)).squeeze(1) - target).square().mean()
            for head, (part, target) in zip(self.heads, parts, strict=True)
        ]

    def forward(self) -> tuple[Tensor, list[Tensor]]:
        """Features and losses."""
        features = self.trunk(self.inputs)
        return features, self.losses(features)


@dataclass
class Contender:
    """One way to fill gradients: forward and backward, and what follows the update."""

    gradients: Callable[[Case], object]
    after_step: Callable[[Case], object] = lambda _: None


def mlp() -> tuple[nn.Sequential, tuple[int, ...], int]:
    """Input 512, layers 1024, 1024 and 512; shape of a row and number of features."""
    widths = (512, 1024, 1024, 512)
    layers = [
        layer
        for before, after in pairwise(widths)
        for layer in (nn.Linear(before, after), nn.ReLU())
    ]
    return nn.Sequential(*layers), (512,), 512


def cnn() -> tuple[nn.Sequential, tuple[int, ...], int]:
    """Three convolutions with pooling on 3 × 32 × 32 and a linear layer of 256."""
    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(128 * 4 * 4, 256), nn.ReLU()]
    return nn.Sequential(*layers), (3, 32, 32), 256


NETWORKS = {"mlp": mlp, "cnn": cnn}


def make_case(network: str, n_tasks: int, optimizer: str = "adam", rows: str = "shared") -> Case:
    """The same case for the same words; `rows` is shared, own or split."""
    torch.manual_seed(0)
    trunk, shape, n_features = NETWORKS[network]()
    heads = nn.ModuleList([nn.Linear(n_features, 1) for _ in range(n_tasks)])
    n_rows = BATCH_SIZE * n_tasks if rows == "own" else BATCH_SIZE
    task_of_row = torch.arange(n_rows) * n_tasks // n_rows
    targets = torch.randn(n_rows, n_tasks) if rows == "shared" else torch.randn(n_rows)
    inputs = torch.randn(n_rows, *shape)
    case = Case(trunk, heads, inputs, targets, None if rows == "shared" else task_of_row)
    parameters = [*trunk.parameters(), *heads.parameters()]
    optimizers = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    case.optimizer = optimizers[optimizer](parameters, lr=1e-4)
    return case
