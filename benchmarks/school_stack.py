"""A weighted mean of several learners of exam scores, its weights by folds of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from own_rows_baselines import LightGBMWithTask
from scipy.optimize import nnls

from polytask.kernel_methods import MultiTaskKernelRidge
from polytask.linear_model import (
    HierarchicalRegressor,
    MeanRegularizedRegressor,
    RobustLowRankRegressor,
)

__all__ = ["Stack"]

N_FOLDS = 10


def _kernel(shared: float, alpha: float) -> Callable[[], Any]:
    return lambda: MultiTaskKernelRidge(
        alpha=alpha,
        gamma=0.01,
        shared=shared,
        approximation="nystroem",
        n_components=100,
        random_state=0,
    )


MEMBERS: Sequence[Callable[[], Any]] = (
    HierarchicalRegressor,
    *(lambda alpha=alpha: MeanRegularizedRegressor(alpha=alpha) for alpha in (1.0, 5.0, 25.0)),
    lambda: RobustLowRankRegressor(alpha=10.0, own_ratio=0.8),
    *(_kernel(shared, alpha) for shared in (0.8, 0.95) for alpha in (0.003, 0.03)),
    *(
        lambda leaves=leaves: LightGBMWithTask(
            n_estimators=200, num_leaves=leaves, learning_rate=0.05, min_child_samples=20
        )
        for leaves in (4, 16)
    ),
)


class Stack:
    """The sum of members' answers with weights of at least 0 that fit out-of-fold answers best.

    Answers and labels are taken about their means over rows, which are learned apart.
    """

    def fit(self, X: np.ndarray, y: np.ndarray, *, tasks: np.ndarray) -> Self:
        """Answer every row by members that have not seen it, weigh them, and fit them to all rows."""
        fold = np.random.default_rng(0).permutation(len(y)) % N_FOLDS
        answers = np.empty((len(y), len(MEMBERS)))
        for each in range(N_FOLDS):
            train, test = fold != each, fold == each
            for column, member in enumerate(MEMBERS):
                model = member().fit(X[train], y[train], tasks=tasks[train])
                answers[test, column] = model.predict(X[test], tasks=tasks[test])
        mean = answers.mean(axis=0)
        self.weights, _ = nnls(answers - mean, y - y.mean())
        self.constant = y.mean() - mean @ self.weights
        self.models = [
            member().fit(X, y, tasks=tasks) if weight else None
            for member, weight in zip(MEMBERS, self.weights, strict=True)
        ]
        return self

    def predict(self, X: np.ndarray, *, tasks: np.ndarray) -> np.ndarray:
        """The weighted sum of answers."""
        weighed = zip(self.models, self.weights, strict=True)
        parts = (weight * model.predict(X, tasks=tasks) for model, weight in weighed if model)
        return self.constant + sum(parts)
