"""Base class of classifiers by kernels, with one scale of probabilities per task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from polytask.constraints import Choice, Interval, OneOf
from polytask.estimators import MultiTaskClassifier
from polytask.kernel_methods._calibration import class_folds, log_odds_scales
from polytask.kernel_methods._definite import definite_by
from polytask.kernel_methods._kernel_rows import KernelRows

__all__ = ["CALIBRATION_FOLDS", "KernelClassifier", "label_scores", "signed"]

CALIBRATION_FOLDS = OneOf((Choice((0,)), Interval(int, 2)))


class KernelClassifier(MultiTaskClassifier):
    """A classifier whose columns of scores covary, and whose scores give probabilities by a scale.

    Attributes
    ----------
    scale_ : array of shape (n_tasks,)
        Log odds per unit of the scores.
    """

    alpha: float
    calibration_folds: int
    scale_: Float64[np.ndarray, " tasks"]

    def between_columns(
        self, tasks: Float64[np.ndarray, "tasks tasks"]
    ) -> Float64[np.ndarray, "columns columns"]:
        """The covariance of tasks between columns of the same class, 0 between others."""
        owners, meaning = self._owners(), self._meanings()
        return tasks[np.ix_(owners, owners)] * (meaning[:, None] == meaning)

    def _meanings(self) -> np.ndarray:
        """A number for the class of each column of scores; 0 for the second of two."""
        known: Any = self.classes_
        task, position = np.nonzero(self._columns >= 0)
        if not isinstance(known, list):
            return position
        names = np.unique(np.concatenate(known))
        two = np.array([len(each) == 2 for each in known])[task]
        classes = [known[k][min(j, len(known[k]) - 1)] for k, j in zip(task, position, strict=True)]
        return np.where(two, 0, 1 + np.searchsorted(names, np.array(classes)))

    def calibrate(
        self, rows: KernelRows, held_out_scores: Callable[[KernelRows, Any, Any], np.ndarray]
    ) -> None:
        """Set the scale of each task, by scores of held-out labels from models of those that are kept."""
        self.scale_ = np.ones(self.n_tasks_)
        if not self.calibration_folds:
            return
        fold = class_folds(rows, self.calibration_folds)
        scores = np.zeros(len(rows.label))
        for each in np.unique(fold):
            kept, held = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
            if len(kept):
                with definite_by(type(self).__name__, self.alpha):
                    scores[held] = held_out_scores(rows, kept, held)
        self.scale_ = log_odds_scales(rows, scores, self._owners())

    def log_odds(self, X: Any, task: Int[np.ndarray, " n"] | None) -> Float64[np.ndarray, "..."]:
        """Scores times the scale of their task."""
        scale = self.scale_[self._owners()]
        return self.scores(X, task) * (scale if task is None else scale[task])


def label_scores(
    matrix: Float64[np.ndarray, "n m"],
    coef: Float64[np.ndarray, "m columns"],
    rows: KernelRows,
    chosen: Int[np.ndarray, " chosen"],
) -> Float64[np.ndarray, " chosen"]:
    """Scores of chosen labels without intercepts, by kernels or features of their rows."""
    scores = np.empty(len(chosen))
    for task in np.unique(rows.task[chosen]):
        own = np.flatnonzero(rows.task[chosen] == task)
        scores[own] = matrix[rows.row[chosen[own]]] @ coef[:, task]
    return scores


def signed(rows: KernelRows) -> KernelRows:
    """The same rows with labels -1 and 1."""
    return rows.with_labels(np.where(rows.label > 0.5, 1.0, -1.0))
