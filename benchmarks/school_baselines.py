"""Learners without multi-task words for tasks with rows of their own."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

__all__ = ["CatBoostWithTask", "ForestWithTask", "LightGBMWithTask", "PerTask", "Pooled"]


class Pooled:
    """One ridge regression of all rows, without the task."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.model = Ridge(alpha)

    def fit(self, X: np.ndarray, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit all rows."""
        self.model.fit(X, y)
        return self

    def predict(self, X: np.ndarray, *, tasks: np.ndarray) -> np.ndarray:
        """Answer every row alike."""
        return self.model.predict(X)


class PerTask:
    """One ridge regression per task, all of one strength."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def fit(self, X: np.ndarray, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit the rows of each task."""
        rows = {task: tasks == task for task in np.unique(tasks)}
        self.models = {task: Ridge(self.alpha).fit(X[own], y[own]) for task, own in rows.items()}
        return self

    def predict(self, X: np.ndarray, *, tasks: np.ndarray) -> np.ndarray:
        """Answer each row by its own task's model."""
        response = np.empty(len(X))
        for task in np.unique(tasks):
            response[tasks == task] = self.models[task].predict(X[tasks == task])
        return response


class _WithTask:
    """A learner that sees the task's number as a last column."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def fit(self, X: np.ndarray, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit all rows."""
        self.model = self._fit(np.column_stack([X, tasks]), y)
        return self

    def predict(self, X: np.ndarray, *, tasks: np.ndarray) -> np.ndarray:
        """Answer each row with its task."""
        return self.model.predict(self._inputs(np.column_stack([X, tasks])))

    def _inputs(self, X: np.ndarray) -> Any:
        return X

    def _fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        raise NotImplementedError


class ForestWithTask(_WithTask):
    """A random forest on the features and the task's mean, which is estimated by cross-fitting."""

    def _fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        from sklearn.compose import make_column_transformer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import TargetEncoder

        encode = TargetEncoder(target_type="continuous", random_state=0)
        columns = make_column_transformer((encode, [-1]), remainder="passthrough")
        forest = RandomForestRegressor(random_state=0, **self.settings)
        return make_pipeline(columns, forest).fit(X, y)


class LightGBMWithTask(_WithTask):
    """LightGBM with the task as a category."""

    def _fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        from lightgbm import LGBMRegressor

        model = LGBMRegressor(
            verbose=-1, n_jobs=1, random_state=0, deterministic=True, **self.settings
        )
        return model.fit(X, y, categorical_feature=[X.shape[1] - 1])


class CatBoostWithTask(_WithTask):
    """CatBoost with the task as a category."""

    def _inputs(self, X: np.ndarray) -> Any:
        from pandas import DataFrame

        frame = DataFrame(X)
        last = frame.columns[-1]
        return frame.assign(task=frame[last].astype(int)).drop(columns=last)

    def _fit(self, X: np.ndarray, y: np.ndarray) -> Any:
        from catboost import CatBoostRegressor

        model = CatBoostRegressor(
            verbose=False,
            thread_count=1,
            random_seed=0,
            allow_writing_files=False,
            cat_features=["task"],
            **self.settings,
        )
        return model.fit(self._inputs(X), y)
