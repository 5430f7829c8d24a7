"""What a benchmark of classical learners measures: an estimator, and the settings that it may take.

`fit(X, y, tasks=t)` and `predict(X, tasks=t)` for tasks with rows of their own, `fit(X, Y)` and
`predict(X)` for tasks that share their rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Entrant", "Settings", "grid", "held_out_loss", "ours", "theirs", "two"]

Settings = dict[str, Any]


@dataclass(frozen=True)
class Entrant:
    """A name, a factory that takes settings, and those that folds of the training rows choose from.

    `judge` takes a fitted model and returns its loss on folds of its own, where it has them.
    """

    name: str
    make: Callable[..., Any]
    settings: Sequence[Settings] = ({},)
    needs: str = "sklearn"
    judge: Callable[[Any], float] | None = None

    @property
    def installed(self) -> bool:
        """Whether its class can be imported."""
        module, _, attribute = self.needs.partition(":")
        try:
            return not attribute or hasattr(importlib.import_module(module), attribute)
        except ImportError:
            return False


def ours(name: str, path: str, settings: Sequence[Settings] = ({},), **fixed: object) -> Entrant:
    """An estimator of polytask, `room.Class`, looked up when it is made; boosting has folds of its own."""
    room, _, attribute = path.rpartition(".")
    module = f"polytask.{room}"

    def make(**chosen: object) -> Any:
        return getattr(importlib.import_module(module), attribute)(**fixed, **chosen)

    judge = held_out_loss if room == "tree_models" else None
    return Entrant(name, make, settings, f"{module}:{attribute}", judge)


def held_out_loss(model: Any) -> float:
    """Mean over tasks of the loss of held-out labels, with the rounds that boosting chose."""
    return float(model.validation_loss_[-1].mean())


def theirs(
    name: str, make: Callable[..., Any], settings: Sequence[Settings], package: str
) -> Entrant:
    """An estimator that needs another library."""
    return Entrant(name, make, settings, f"{package}:__name__")


def grid(name: str, low: float, high: float, number: int) -> list[Settings]:
    """Values of one setting, at equal ratios."""
    return [{name: float(value)} for value in np.geomspace(low, high, number)]


def two(first: list[Settings], name: str, *values: object) -> list[Settings]:
    """Every setting with every value of another one."""
    return [{**each, name: value} for value in values for each in first]
