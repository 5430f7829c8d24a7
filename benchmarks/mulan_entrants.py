"""The learners of `mulan.py`, for tasks that share their rows; a new estimator is one line."""

from __future__ import annotations

from typing import Any

from classical_entrants import Entrant, grid, ours, theirs
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor, RegressorChain

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


BOOSTED = [{"n_estimators": n, "num_leaves": 8, "learning_rate": 0.05} for n in (100, 300)]
CATBOOST = [{"iterations": 300, "learning_rate": 0.1, "depth": 4}]
TREES = [
    {"max_leaf_nodes": leaves, "shrinkage": shrinkage}
    for leaves in (4, 8)
    for shrinkage in (1.0, 10.0)
]
FEATURES = [{"max_features": share} for share in (1 / 3, 1.0)]

KERNELS = [
    {"alpha": 10.0**exponent, "gamma": gamma}
    for gamma in (0.01, 0.1)
    for exponent in (-5, -4, -3, -2)
]

ENTRANTS = [
    Entrant("ridge", Ridge, grid("alpha", 0.01, 1e4, 7)),
    Entrant("chain of ridge regressions", chain, grid("alpha", 1, 1e3, 4)),
    Entrant("random forest", forest, FEATURES),
    Entrant("extra trees", extra_trees, FEATURES),
    theirs("LightGBM per task", lightgbm, BOOSTED, "lightgbm"),
    theirs("CatBoost per task", catboost, CATBOOST, "catboost"),
    ours("l21", "linear_model.L21Regressor", grid("alpha", 1e-3, 0.3, 6)),
    ours("trace norm", "linear_model.TraceNormRegressor", grid("alpha", 1e-3, 1, 7)),
    ours("mean-regularised", "linear_model.MeanRegularizedRegressor", grid("alpha", 1e-4, 1, 7)),
    ours("kernel ridge", "kernel_methods.MultiTaskKernelRidge", KERNELS),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingRegressor",
        TREES,
        min_samples_leaf=5,
        max_iter=1000,
        random_state=0,
    ),
]
