"""Every model of several rounds on the same rows, which shows what its training rows change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from polytask.analysis._fitted_rounds import FittedRounds, Fold
from polytask.data import MultiTaskDataset
from polytask.evaluation.running._positions import positions
from polytask.predictor import NetworkModel

__all__ = ["has_training_rows", "models_on_common_rows"]

_ROWS_PER_TASK = 300


def has_training_rows(models: FittedRounds) -> bool:
    """Whether models show what their training rows change: several per round, and no networks."""
    networks = any(isinstance(fold.predictor.model, NetworkModel) for fold in models.folds)
    return not networks and all(len(one) > 1 for one in models.rounds)


def models_on_common_rows(models: FittedRounds) -> list[list[FittedRounds]]:
    """Each model alone, by round and fold, all with the same rows to predict.

    Parameters
    ----------
    models : FittedRounds

    Returns
    -------
    list of lists of FittedRounds
        None of them unless `has_training_rows`.

    Notes
    -----
    Up to 300 labelled rows of every task are drawn. Most of them are training rows of each model: what
    models differ by is read, and not how good they are.
    """
    if not has_training_rows(models):
        return []
    rows = dict(_drawn(models))
    common, placed = models.data.take(rows), positions(models.data, rows)

    def alone(fold: Fold) -> FittedRounds:
        own = replace(fold, seed=0, test=common, rows=placed)
        return FittedRounds(models.data, models.name, ((own,),), models.measured)

    return [[alone(fold) for fold in one] for one in models.rounds]


def _drawn(models: FittedRounds) -> Iterator[tuple[str, np.ndarray]]:
    """Rows of every source that are measured, of each task the first in an order drawn at random."""
    measured = np.concatenate([own for fold in models.rounds[0] for own in fold.rows.values()])
    start = 0
    for source in models.data.sources:
        mine = measured[(measured >= start) & (measured < start + source.n_rows)] - start
        start += source.n_rows
        place = np.full(source.n_rows, source.n_rows)
        place[np.random.default_rng(0).permutation(mine)] = np.arange(len(mine))
        yield source.name, _first(source.tasks.names, models.data, source.name, place)


def _first(
    tasks: Sequence[str], data: MultiTaskDataset, source: str, place: np.ndarray
) -> np.ndarray:
    """The first measured rows of each task by their places."""
    chosen = [np.zeros(0, dtype=np.int64)]
    for task in tasks:
        rows = data.source(source).labelled().rows(task)
        rows = rows[place[rows] < len(place)]
        chosen.append(rows[np.argsort(place[rows], kind="stable")][:_ROWS_PER_TASK])
    return np.unique(np.concatenate(chosen))
