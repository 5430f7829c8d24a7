"""Boosted trees of the tables' benchmark: one model per task, stopped early on validation rows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from polytask.data import MultiTaskDataset

ROUNDS, PATIENCE = 3000, 40


@dataclass(frozen=True)
class Trees:
    """A library of boosted trees and its settings.

    Parameters
    ----------
    library : {"histogram", "lightgbm"}
    learning_rate : float
    leaves : int
        Largest number of leaves per tree.
    leaf_rows : int, default 20
        Smallest number of rows per leaf.
    columns : float, default 1.0
        Share of the columns drawn for each tree (LightGBM) or split (histogram boosting).
    """

    library: str
    learning_rate: float
    leaves: int
    leaf_rows: int = 20
    columns: float = 1.0

    @property
    def name(self) -> str:
        """Library and settings."""
        return (
            f"{self.library}(rate {self.learning_rate:g}, {self.leaves} leaves of "
            f"{self.leaf_rows}, {self.columns:g} of columns)"
        )

    def fit(
        self,
        train: tuple[np.ndarray, np.ndarray],
        validation: tuple[np.ndarray, np.ndarray],
        categorical: Sequence[int],
        seed: int,
        *,
        regression: bool,
    ) -> list[Any]:
        """One model per column of the targets, on the rows that have its label."""
        (X, Y), (X_stop, Y_stop) = train, validation
        fit = self._lightgbm if self.library == "lightgbm" else self._histogram
        models = []
        for y, y_stop in zip(Y.T, Y_stop.T, strict=True):
            known, stop = np.isfinite(y), np.isfinite(y_stop)
            rows = (X[known], y[known], X_stop[stop], y_stop[stop])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                models.append(fit(*rows, categorical, seed, regression=regression))
        return models

    def _lightgbm(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_stop: np.ndarray,
        y_stop: np.ndarray,
        categorical: Sequence[int],
        seed: int,
        *,
        regression: bool,
    ) -> Any:
        import lightgbm

        kind = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
        model = kind(
            n_estimators=ROUNDS,
            learning_rate=self.learning_rate,
            num_leaves=self.leaves,
            min_child_samples=self.leaf_rows,
            colsample_bytree=self.columns,
            random_state=seed,
            n_jobs=1,
            verbose=-1,
        )
        return model.fit(
            X,
            y,
            eval_set=[(X_stop, y_stop)],
            categorical_feature=list(categorical),
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )

    def _histogram(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_stop: np.ndarray,
        y_stop: np.ndarray,
        categorical: Sequence[int],
        seed: int,
        *,
        regression: bool,
    ) -> Any:
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        model = kind(
            max_iter=ROUNDS,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.leaf_rows,
            max_features=self.columns,
            categorical_features=list(categorical),
            early_stopping=True,
            n_iter_no_change=PATIENCE,
            random_state=seed,
        )
        return model.fit(X, y, X_val=X_stop, y_val=y_stop)


def respond(models: Sequence[Any], X: np.ndarray, *, regression: bool) -> np.ndarray:
    """Responses of all tasks; probabilities of the positive class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        columns = [
            model.predict(X) if regression else model.predict_proba(X)[:, 1] for model in models
        ]
    return np.stack(columns, axis=1)


def matrices(
    train: MultiTaskDataset, *others: MultiTaskDataset
) -> tuple[list[np.ndarray], list[int]]:
    """Inputs as matrices, and the columns that hold codes of categories of the training rows.

    A category that training rows lack is a missing value. Arrays are laid out cell by cell.
    """
    frames = [data.sources[0].inputs for data in (train, *others)]
    columns: list[list[np.ndarray]] = [[] for _ in frames]
    categorical: list[int] = []
    width = 0
    for name, dtype in frames[0].schema.items():
        if dtype.is_numeric() or dtype == pl.Boolean:
            parts = [frame[name].cast(pl.Float64).to_numpy()[:, None] for frame in frames]
        elif isinstance(dtype, pl.Array):
            parts = [frame[name].to_numpy().reshape(frame.height, -1) for frame in frames]
        else:
            codes = frames[0][name].cast(pl.String).unique().drop_nulls().sort()
            known = {text: code for code, text in enumerate(codes)}
            parts = [
                np.array([known.get(text, np.nan) for text in frame[name].cast(pl.String)])[:, None]
                for frame in frames
            ]
            categorical.append(width)
        for column, part in zip(columns, parts, strict=True):
            column.append(part.astype(np.float32))
        width += parts[0].shape[1]
    return [np.concatenate(column, axis=1) for column in columns], categorical


TREES = tuple(
    Trees(library, *settings)
    for library in ("histogram", "lightgbm")
    for settings in ((0.1, 31), (0.05, 15), (0.05, 31, 5, 0.3))
)
