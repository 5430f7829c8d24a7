"""The learners of `mulan.py`, for tasks that share their rows; a new estimator is one line."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from classical_entrants import Entrant, grid, ours, theirs
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor, RegressorChain

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.learners import ExtraTrees, StackedTargets, TargetChain
from polytask.tasks import Task

__all__ = ["ENTRANTS"]


def chain(alpha: float) -> RegressorChain:
    """Ridge regressions in a random order, each with cross-fitted predictions of those before."""
    return RegressorChain(Ridge(alpha), order="random", cv=5, random_state=0)


def lightgbm(**settings: Any) -> MultiOutputRegressor:
    """LightGBM per task."""
    from lightgbm import LGBMRegressor

    fixed = {"verbose": -1, "n_jobs": 1, "random_state": 0, "min_child_samples": 10}
    return MultiOutputRegressor(LGBMRegressor(**fixed, **settings))


def catboost(**settings: Any) -> MultiOutputRegressor:
    """CatBoost per task."""
    from catboost import CatBoostRegressor

    fixed = {"verbose": False, "thread_count": 1, "random_seed": 0, "allow_writing_files": False}
    return MultiOutputRegressor(CatBoostRegressor(**fixed, **settings))


def forest(**settings: Any) -> RandomForestRegressor:
    """A random forest of all tasks."""
    return RandomForestRegressor(200, random_state=0, **settings)


def extra_trees(**settings: Any) -> ExtraTreesRegressor:
    """Extremely randomised trees of all tasks."""
    return ExtraTreesRegressor(200, random_state=0, **settings)


class OnArrays:
    """A learner of `compare` by the contract of the others here."""

    def __init__(self, learner: Any) -> None:
        self.learner = learner

    def fit(self, X: np.ndarray, Y: np.ndarray) -> Self:
        """Learn all rows; the learners here make no use of validation rows."""
        self.names = [f"task {k}" for k in range(Y.shape[1])]
        data = self._data(X, Y)
        self.model = self.learner.fit(data, data, 0, Budget())
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions (m, tasks)."""
        answers = self.model.predict(self._data(X, np.zeros((len(X), len(self.names)))))
        return np.column_stack([answers[name].response for name in self.names])

    def _data(self, X: np.ndarray, Y: np.ndarray) -> MultiTaskDataset:
        tasks = [Task(name, "regression") for name in self.names]
        return MultiTaskDataset.from_arrays(X, Y, tasks)


def staged(kind: Any) -> Any:
    """Extremely randomised trees of each task that read predictions of others, at their defaults."""
    return lambda: OnArrays(kind(ExtraTrees()))


BOOSTED = [{"n_estimators": n, "num_leaves": 8, "learning_rate": 0.05} for n in (100, 300)]
CATBOOST = [{"iterations": 300, "learning_rate": 0.1, "depth": 4}]
FEATURES = [{"max_features": share} for share in (1 / 3, 1.0)]

KERNELS = [
    {"kernel": kernel, "alpha": alpha, "gamma": gamma, "shared": shared}
    for kernel, gamma, alphas in (
        ("rbf", 0.01, (1e-5, 1e-4, 1e-3)),
        ("rbf", 0.1, (1e-5, 1e-4, 1e-3)),
        ("laplacian", 0.1, (1e-4, 1e-3, 1e-2)),
        ("laplacian", 0.3, (1e-4, 1e-3, 1e-2)),
    )
    for alpha in alphas
    for shared in (0.0, 0.5)
]

ENTRANTS = [
    Entrant("ridge", Ridge, grid("alpha", 0.01, 1e4, 7)),
    Entrant("partial least squares", PLSRegression, [{"n_components": n} for n in (1, 2, 4, 8)]),
    Entrant("chain of ridge regressions", chain, grid("alpha", 1, 1e3, 4)),
    Entrant("random forest", forest, FEATURES),
    Entrant("extra trees", extra_trees, FEATURES),
    theirs("LightGBM per task", lightgbm, BOOSTED, "lightgbm"),
    theirs("CatBoost per task", catboost, CATBOOST, "catboost"),
    ours("l21", "linear_model.L21Regressor", grid("alpha", 1e-3, 0.3, 6)),
    ours("trace norm", "linear_model.TraceNormRegressor", grid("alpha", 1e-3, 1, 7)),
    ours(
        "reduced rank",
        "linear_model.ReducedRankRegressor",
        [{"alpha": 10.0**e, "rank": rank} for rank in (1, 2, 4) for e in (-3, -2, -1)],
    ),
    ours("mean-regularised", "linear_model.MeanRegularizedRegressor", grid("alpha", 1e-4, 1, 7)),
    ours("kernel ridge", "kernel_methods.MultiTaskKernelRidge", KERNELS),
    ours(
        "Gaussian process",
        "kernel_methods.KroneckerGaussianProcessRegressor",
        [{"ard": False}, {"ard": True}],
    ),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingRegressor",
        learning_rate=0.1,
        min_samples_leaf=5,
        max_leaf_nodes=8,
        max_iter=1000,
        random_state=0,
    ),
    Entrant("stacked_targets(extra_trees)", staged(StackedTargets)),
    Entrant("target_chain(extra_trees)", staged(TargetChain)),
]
