"""The learners of `classical_school.py`; a new estimator is one line."""

from __future__ import annotations

from classical_entrants import Entrant, grid, ours, theirs, two
from own_rows_baselines import (
    CatBoostWithTask,
    ForestWithTask,
    LightGBMWithTask,
    per_task,
    pooled,
)
from school_stack import Stack
from sklearn.linear_model import Ridge

__all__ = ["ENTRANTS"]

BOOSTED = [
    {"n_estimators": trees, "num_leaves": leaves, "learning_rate": 0.05, "min_child_samples": 20}
    for leaves in (4, 8, 16)
    for trees in (100, 200, 400)
]
CATBOOST = [
    {"iterations": n, "depth": depth, "learning_rate": 0.05}
    for depth in (4, 6)
    for n in (200, 400, 800)
]
FORESTS = [
    {"n_estimators": 200, "min_samples_leaf": n, "max_features": 1 / 3} for n in (10, 20, 40)
]
TREES = [
    {"max_leaf_nodes": leaves, "shrinkage": shrinkage}
    for leaves in (4, 8, 16)
    for shrinkage in (10.0, 30.0, 100.0)
]
RIDGES = [
    {"alpha": alpha, "gamma": 0.01, "shared": shared}
    for shared in (0.8, 0.95)
    for alpha in (0.003, 0.01, 0.03, 0.1)
]

LINEAR = [
    {"alpha": alpha, "shared": shared}
    for shared in (0.5, 0.8, 0.95, 0.98)
    for alpha in (0.03, 0.1, 0.3, 1.0, 3.0)
]


ENTRANTS = [
    Entrant("pooled ridge", pooled(Ridge), grid("alpha", 0.1, 100, 7)),
    Entrant("single-task ridge", per_task(Ridge), grid("alpha", 1, 1e3, 10)),
    Entrant("random forest, mean of the school", ForestWithTask, FORESTS),
    theirs("LightGBM, school as category", LightGBMWithTask, BOOSTED, "lightgbm"),
    theirs("CatBoost, school as category", CatBoostWithTask, CATBOOST, "catboost"),
    theirs("stack", Stack, [{}], "lightgbm"),
    ours("hierarchical empirical Bayes", "linear_model.HierarchicalRegressor"),
    ours("mean-regularised", "linear_model.MeanRegularizedRegressor", grid("alpha", 0.3, 30, 9)),
    ours("MTRL", "linear_model.TaskRelationshipRegressor", grid("alpha", 5, 20, 3), epsilon=0.1),
    ours("l21", "linear_model.L21Regressor", grid("alpha", 2, 20, 12)),
    ours(
        "kernel ridge, Nyström",
        "kernel_methods.MultiTaskKernelRidge",
        RIDGES,
        approximation="nystroem",
        n_components=100,
        random_state=0,
    ),
    ours(
        "Gaussian process, inducing rows",
        "gaussian_processes.ICMRegressor",
        [{"rank": 2}],
        inducing=60,
        max_iter=150,
    ),
    ours(
        "multiple kernels per school",
        "kernel_methods.MultipleKernelRegressor",
        grid("alpha", 0.01, 0.1, 3),
        task_norm=2.0,
        kernels=("linear", "rbf"),
        gammas=(0.1, 1.0),
        tol=1e-3,
    ),
    ours("trace norm", "linear_model.TraceNormRegressor", grid("alpha", 0.5, 20, 12)),
    ours(
        "kernel ridge, linear kernel",
        "kernel_methods.MultiTaskKernelRidge",
        LINEAR,
        kernel="linear",
    ),
    ours(
        "sparse group",
        "linear_model.SparseGroupRegressor",
        two(grid("alpha", 1, 15, 8), "l1_ratio", 0.1, 0.3, 0.6),
    ),
    ours("largest coefficients", "linear_model.LInf1Regressor", grid("alpha", 20, 300, 10)),
    ours(
        "dirty model",
        "linear_model.DirtyModelRegressor",
        two(grid("alpha", 20, 200, 5), "own_ratio", 0.05, 0.1, 0.2),
    ),
    ours(
        "robust low rank",
        "linear_model.RobustLowRankRegressor",
        two(grid("alpha", 2, 40, 8), "own_ratio", 0.2, 0.4, 0.8),
    ),
    ours(
        "robust joint selection",
        "linear_model.RobustL21Regressor",
        two(grid("alpha", 2, 30, 8), "own_ratio", 0.1, 0.2, 0.4, 0.8),
    ),
    ours(
        "sparse and low rank",
        "linear_model.SparseLowRankRegressor",
        two(grid("alpha", 2, 40, 8), "own_ratio", 0.1, 0.2, 0.5),
    ),
    ours(
        "clusters",
        "linear_model.ClusteredRegressor",
        [
            {**each, "n_clusters": n}
            for n in (1, 3)
            for each in two(grid("alpha", 0.001, 1, 7), "eta", 0.01, 0.1, 1.0)
        ],
    ),
    ours("multi-level lasso", "linear_model.MultiLevelLassoRegressor", grid("alpha", 10, 200, 10)),
    ours(
        "bounded trace norm",
        "linear_model.ConstrainedTraceNormRegressor",
        grid("radius", 20, 500, 10),
    ),
    ours(
        "reduced rank",
        "linear_model.ReducedRankRegressor",
        two(grid("alpha", 0.3, 30, 6), "rank", 1, 2, 3, 5),
    ),
    *(
        ours(
            f"calibrated, {norm}",
            "linear_model.CalibratedRegressor",
            grid("alpha", 0.2, 2, 10),
            norm=norm,
        )
        for norm in ("l21", "trace_norm")
    ),
    ours(
        "near a common subspace (ASO)",
        "linear_model.ASORegressor",
        grid("alpha", 5, 20, 3),
        n_components=1,
        eta=0.01,
    ),
    ours(
        "near a relaxed subspace (cASO)",
        "linear_model.ConvexASORegressor",
        grid("alpha", 5, 20, 3),
        n_components=1,
        eta=0.01,
    ),
    ours(
        "sparse combinations (GO-MTL)",
        "linear_model.GOMTLRegressor",
        [
            {"alpha": a, "n_components": k}
            for k, a in ((1, 0.5), (1, 1.0), (1, 2.0), (2, 1.0), (2, 2.0))
        ],
    ),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingRegressor",
        TREES,
        standardize=False,  # the scores of all schools are of one exam
        learning_rate=0.05,
        random_state=0,
    ),
]
