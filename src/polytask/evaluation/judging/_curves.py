"""Learning curves of a run, thinned for storage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["curve"]

_MOST_POINTS = 60
_DIGITS = 5


def curve(history: Mapping[str, Any], trial: int, tasks: Collection[str]) -> dict[str, Any] | None:
    """Losses by epoch of some tasks, column by column, at most 60 epochs evenly chosen.

    What observers returned stands under ``observed``, a list per observer, where there were any.

    Parameters
    ----------
    history : mapping
        What `History.to_dict` gave.
    trial : int
        Position of the trial in its run.
    tasks : collection of str

    Returns
    -------
    dict or None
        None for a learner without epochs.
    """
    epochs = _thinned(history.get("epochs", ()))
    if not epochs:
        return None
    return {
        "trial": trial,
        "epoch": [epoch["epoch"] for epoch in epochs],
        "step": [epoch["step"] for epoch in epochs],
        "train": _columns(epochs, "train_losses", tasks),
        "validation": _columns(epochs, "validation_losses", tasks),
        "weights": _columns(epochs, "weights", tasks),
        "best_epoch": history["best_epoch"],
        "best_epochs": {t: e for t, e in history["best_epochs"].items() if t in tasks},
        "stopped": history["stopped"],
        **_observed(epochs),
    }


def _thinned(epochs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if len(epochs) <= _MOST_POINTS:
        return list(epochs)
    positions = np.unique(np.linspace(0, len(epochs) - 1, _MOST_POINTS).round().astype(int))
    return [epochs[position] for position in positions]


def _columns(
    epochs: Sequence[Mapping[str, Any]], field: str, tasks: Collection[str]
) -> dict[str, list[float | None]]:
    known = [task for task in tasks if any(task in epoch[field] for epoch in epochs)]
    return {task: [_short(epoch[field].get(task)) for epoch in epochs] for task in known}


def _observed(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Values that each observer returned per epoch; empty without observers."""
    records = [epoch.get("observed", {}) for epoch in epochs]
    names = dict.fromkeys(name for record in records for name in record)
    values = {name: [record.get(name) for record in records] for name in names}
    return {"observed": values} if values else {}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
