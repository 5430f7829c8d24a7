"""Budget of a training run from `--epochs` and `--steps`."""

from __future__ import annotations

import math

from polytask.bookkeeping import Budget
from polytask.cli._settings import DataSettings
from polytask.data import MultiTaskDataset, Splitter
from polytask.exceptions import ParameterError

__all__ = ["budget"]


def budget(
    settings: DataSettings,
    data: MultiTaskDataset,
    splitter: Splitter,
    *,
    seed: int = 0,
    trials: int = 1,
) -> Budget:
    """Return the steps given, or those of the given number of epochs."""
    if settings.epochs is None:
        return Budget(trials, Budget().steps if settings.steps is None else settings.steps)
    if settings.steps is not None:
        raise ParameterError("Give either --steps or --epochs, not both.")
    from polytask.training import Trainer

    train = splitter.splits(data, seed)[0].train
    n_rows = sum(len(rows) for rows in train.values())
    return Budget(trials, settings.epochs * math.ceil(n_rows / Trainer().rows_per_batch(n_rows)))
