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

__all__ = ["Entrant", "Settings", "grid", "ours", "theirs"]

Settings = dict[str, Any]


@dataclass(frozen=True)
class Entrant:
    """A name, a factory that takes settings, and those that folds of the training rows choose from."""

    name: str
    make: Callable[..., Any]
    settings: Sequence[Settings] = ({},)
    needs: str = "sklearn"

    @property
    def installed(self) -> bool:
        """Whether its class can be imported."""
        module, _, attribute = self.needs.partition(":")
        try:
            return not attribute or hasattr(importlib.import_module(module), attribute)
        except ImportError:
            return False


def ours(name: str, path: str, settings: Sequence[Settings] = ({},), **fixed: object) -> Entrant:
    """An estimator of polytask, `room.Class`, looked up when it is made."""
    room, _, attribute = path.rpartition(".")
    module = f"polytask.{room}"

    def make(**chosen: object) -> Any:
        return getattr(importlib.import_module(module), attribute)(**fixed, **chosen)

    return Entrant(name, make, settings, f"{module}:{attribute}")


def theirs(
    name: str, make: Callable[..., Any], settings: Sequence[Settings], package: str
) -> Entrant:
    """An estimator that needs another library."""
    return Entrant(name, make, settings, f"{package}:__name__")


def grid(name: str, low: float, high: float, number: int) -> list[Settings]:
    """Values of one setting, at equal ratios."""
    return [{name: float(value)} for value in np.geomspace(low, high, number)]
