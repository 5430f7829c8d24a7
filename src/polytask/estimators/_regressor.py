"""Base class of regressors of several tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from polytask.estimators._estimator import MultiTaskEstimator, Numbers
from polytask.estimators._task_ids import TaskIds

__all__ = ["MultiTaskRegressor"]


class MultiTaskRegressor(RegressorMixin, MultiTaskEstimator):
    """A regressor of several tasks: `predict` gives the scores."""

    def _numbers(self, labels: np.ndarray, ids: TaskIds) -> Numbers:
        wide = labels[:, None] if self._one else labels
        return Numbers(wide, self._owners(), ids.task)

    def predict(self, X: Any, *, tasks: Any = None) -> np.ndarray:
        """Predicted numbers.

        Parameters
        ----------
        X : array, sparse array or data frame of shape (n, n_features)
        tasks : array of shape (n,), optional
            The id of each row's task; by default every row is predicted for all tasks.

        Returns
        -------
        array of shape (n,) or (n, n_tasks)
            (n,) of a single task, or with `tasks`.

        Raises
        ------
        UnknownNameError
            If a task was not learned.
        """
        X, task = self._checked(X, tasks)
        scores = self.response(self.scores(X, task))
        return scores[:, 0] if self._one and task is None else scores

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, tasks: Any = None) -> float:
        """The mean over tasks of R², on their labelled rows.

        Parameters
        ----------
        X, y, tasks, sample_weight
            As for `fit`; a task may have no label.
        """
        return self._mean_score(r2_score, self.predict(X, tasks=tasks), y, tasks, sample_weight)
