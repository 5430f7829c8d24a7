"""Learners without multi-task words for tasks with rows of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

__all__ = ["CatBoostWithTask", "ForestWithTask", "LightGBMWithTask", "per_task", "pooled"]


def pooled(make: Callable[..., Any]) -> Callable[..., Pooled]:
    """A maker of one model of all rows."""
    return lambda **settings: Pooled(make(**settings))


def per_task(make: Callable[..., Any]) -> Callable[..., PerTask]:
    """A maker of one model per task, all with the same settings."""
    return lambda **settings: PerTask(make(**settings))


class Pooled:
    """One model of all rows, without the task."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit all rows."""
        self.model.fit(X, y)
        return self

    def predict(self, X: Any, *, tasks: np.ndarray) -> np.ndarray:
        """Answer every row alike."""
        return self.model.predict(X)


class PerTask:
    """One model per task."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit the rows of each task."""
        rows = {task: np.flatnonzero(tasks == task) for task in np.unique(tasks)}
        self.models = {task: clone(self.model).fit(X[own], y[own]) for task, own in rows.items()}
        return self

    def predict(self, X: Any, *, tasks: np.ndarray) -> np.ndarray:
        """Answer each row by its own task's model."""
        response = np.empty(X.shape[0])
        for task in np.unique(tasks):
            own = np.flatnonzero(tasks == task)
            response[own] = self.models[task].predict(X[own])
        return response


class _WithTask:
    """A learner that sees the task's number as a last column."""

    def __init__(self, *, classes: bool = False, **settings: Any) -> None:
        self.classes, self.settings = classes, settings

    def fit(self, X: Any, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Fit all rows."""
        self.model = self._fit(_joined(X, tasks), y)
        return self

    def predict(self, X: Any, *, tasks: np.ndarray) -> np.ndarray:
        """Answer each row with its task."""
        return np.ravel(self.model.predict(self._inputs(_joined(X, tasks))))

    def _inputs(self, X: Any) -> Any:
        return X

    def _fit(self, X: Any, y: np.ndarray) -> Any:
        raise NotImplementedError


def _joined(X: Any, tasks: np.ndarray) -> Any:
    if sparse.issparse(X):
        return sparse.csr_array(sparse.hstack([X, tasks[:, None].astype(float)]))
    return np.column_stack([X, tasks])


class ForestWithTask(_WithTask):
    """A random forest on the features and the task's mean, which is estimated by cross-fitting."""

    def _fit(self, X: Any, y: np.ndarray) -> Any:
        from sklearn.compose import make_column_transformer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, TargetEncoder

        mean = TargetEncoder(target_type="continuous", random_state=0)
        encode = OneHotEncoder() if self.classes else mean
        columns = make_column_transformer((encode, [-1]), remainder="passthrough")
        kind = RandomForestClassifier if self.classes else RandomForestRegressor
        return make_pipeline(columns, kind(random_state=0, **self.settings)).fit(X, y)


class LightGBMWithTask(_WithTask):
    """LightGBM with the task as a category."""

    def _fit(self, X: Any, y: np.ndarray) -> Any:
        from lightgbm import LGBMClassifier, LGBMRegressor

        kind = LGBMClassifier if self.classes else LGBMRegressor
        model = kind(verbose=-1, n_jobs=1, random_state=0, deterministic=True, **self.settings)
        return model.fit(X, y, categorical_feature=[X.shape[1] - 1])


class CatBoostWithTask(_WithTask):
    """CatBoost with the task as a category."""

    def _inputs(self, X: Any) -> Any:
        from pandas import DataFrame

        frame = DataFrame(X)
        last = frame.columns[-1]
        return frame.assign(task=frame[last].astype(int)).drop(columns=last)

    def _fit(self, X: Any, y: np.ndarray) -> Any:
        from catboost import CatBoostClassifier, CatBoostRegressor

        kind = CatBoostClassifier if self.classes else CatBoostRegressor
        model = kind(
            verbose=False,
            thread_count=1,
            random_seed=0,
            allow_writing_files=False,
            cat_features=["task"],
            **self.settings,
        )
        return model.fit(self._inputs(X), y)
