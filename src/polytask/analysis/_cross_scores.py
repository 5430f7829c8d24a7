"""Raw scores of networks of single tasks for the rows of all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from polytask.data import MultiTaskDataset
from polytask.predictor import FittedPredictor

__all__ = ["CrossScores", "raw_scores"]

_WIDEST = 64
"""Scores of a row that are kept; tasks with more, such as maps of pixels, are left out."""


@dataclass(eq=False)
class CrossScores:
    """Out-of-fold scores of each task's own network, for all rows of the sources that carry it.

    Parameters
    ----------
    data : MultiTaskDataset
    n_rounds : int

    Attributes
    ----------
    of : dict of (source, task) to array of shape (n, size)
        Mean over rounds of the raw scores of every row of the source; NaN for rows that are not
        measured.
    """

    data: MultiTaskDataset
    n_rounds: int
    of: dict[tuple[str, str], np.ndarray] = field(default_factory=dict, init=False)

    def add(
        self, task: str, rows: Mapping[str, np.ndarray], scores: Mapping[str, np.ndarray]
    ) -> None:
        """Add the scores of a task's network for the measured rows of a split, by source.

        Parameters
        ----------
        task : str
        rows : mapping of source name to array of shape (n,)
            Positions of the measured rows.
        scores : mapping of source name to array of shape (n, size)
            As `raw_scores` gives them.

        Notes
        -----
        Where a fold has another number of scores per row, as survival has, whose intervals end at quantiles,
        they are read at the quantiles of the first.
        """
        for name, own in scores.items():
            n_rows = self.data.source(name).n_rows
            table = self.of.setdefault((name, task), np.full((n_rows, own.shape[1]), np.nan))
            added = _at_quantiles(own, table.shape[1]) / self.n_rounds
            before = np.where(np.isnan(table[rows[name]]), 0.0, table[rows[name]])
            table[rows[name]] = before + added


def _at_quantiles(scores: np.ndarray, width: int) -> np.ndarray:
    """Scores at evenly spaced quantiles, read at those of another number."""
    if scores.shape[1] == width:
        return scores
    levels, own = (np.arange(1, n + 1) / (n + 1) for n in (width, scores.shape[1]))
    return np.array([np.interp(levels, own, row) for row in scores]).reshape(-1, width)


def raw_scores(
    predictor: FittedPredictor, test: MultiTaskDataset
) -> dict[str, dict[str, np.ndarray]]:
    """Scores of all rows by each network of a single task, by source and task.

    Parameters
    ----------
    predictor : FittedPredictor
        Of networks that each have one task.
    test : MultiTaskDataset
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for source in test.sources:
        tasks = [t for t in source.tasks.names if t in predictor.tasks.names]
        if not tasks or not source.n_rows:
            continue
        dropped = set(source.tasks.names) - set(tasks)
        unnamed = replace(source, labels=None, task_index=None, weights=None)
        kept = unnamed.without_tasks(dropped)
        scored = predictor.predict({source.name: kept}, tasks=tasks)
        tables = {task: _table(scored[task].raw) for task in tasks}
        found[source.name] = {task: own for task, own in tables.items() if own is not None}
    return found


def _table(raw: np.ndarray) -> np.ndarray | None:
    """Scores as columns; None where there are too many."""
    scores = np.asarray(raw, dtype=np.float64)
    if scores.ndim > 2 or (scores.ndim == 2 and scores.shape[1] > _WIDEST):
        return None
    return scores.reshape(len(scores), -1)
