"""Raw scores of networks of single tasks for the rows of all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from polytask.analysis._pooled_answers import rare_class
from polytask.data import MultiTaskDataset, Split
from polytask.predictor import FittedPredictor

__all__ = ["CrossScores"]

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

    def add(self, predictor: FittedPredictor, test: MultiTaskDataset, split: Split) -> None:
        """Score the test rows of a split by every network of a single task.

        Parameters
        ----------
        predictor : FittedPredictor
            Of networks that each have one task.
        test : MultiTaskDataset
        split : Split

        Raises
        ------
        DataError
            If a task has more classes in one fold than in another.
        """
        for source in test.sources:
            tasks = [t for t in source.tasks.names if t in predictor.tasks.names]
            if not tasks or not source.n_rows:
                continue
            dropped = set(source.tasks.names) - set(tasks)
            unnamed = replace(source, labels=None, task_index=None, weights=None)
            kept = unnamed.without_tasks(dropped)
            scored = predictor.predict({source.name: kept}, tasks=tasks)
            for task in tasks:
                self._add(source.name, task, split.test, scored[task].raw)

    def _add(
        self,
        source: str,
        task: str,
        rows: Mapping[str, np.ndarray],
        raw: np.ndarray,
    ) -> None:
        scores = np.asarray(raw, dtype=np.float64)
        if scores.ndim > 2 or (scores.ndim == 2 and scores.shape[1] > _WIDEST):
            return
        scores = scores.reshape(len(scores), -1)
        n_rows = self.data.source(source).n_rows
        table = self.of.setdefault((source, task), np.full((n_rows, scores.shape[1]), np.nan))
        if table.shape[1] != scores.shape[1]:
            raise rare_class(task)
        own = rows[source]
        before = np.where(np.isnan(table[own]), 0.0, table[own])
        table[own] = before + scores / self.n_rounds
