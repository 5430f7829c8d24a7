"""The learners of `classical_tables.py`; a new estimator is one line."""

from __future__ import annotations

from typing import Any

from classical_entrants import Entrant, grid, ours, theirs, two
from mulan_entrants import BOOSTED, extra_trees, forest, lightgbm
from own_rows_baselines import ForestWithTask, LightGBMWithTask, per_task, pooled
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier

__all__ = ["DOMAINS", "JOINTS", "LABELS", "TEXTS"]


def logistic(**settings: Any) -> LogisticRegression:
    """Logistic regression; of more than two classes multinomial."""
    return LogisticRegression(max_iter=2000, **settings)


def of_labels(make: Any) -> Any:
    """One model per label."""
    return lambda **settings: MultiOutputClassifier(make(**settings))


def chain(**settings: Any) -> ClassifierChain:
    """Logistic regressions in a random order, each with cross-fitted probabilities of those before."""
    fixed = {"order": "random", "cv": 3, "random_state": 0, "chain_method": "predict_proba"}
    return ClassifierChain(logistic(**settings), **fixed)


def boosted(**settings: Any) -> Any:
    """LightGBM."""
    from lightgbm import LGBMClassifier

    fixed = {"verbose": -1, "n_jobs": 1, "random_state": 0, "min_child_samples": 10}
    return LGBMClassifier(**fixed, **settings)


def random_forest(**settings: Any) -> RandomForestClassifier:
    """A random forest of all labels."""
    return RandomForestClassifier(200, random_state=0, **settings)


def random_cuts(**settings: Any) -> ExtraTreesClassifier:
    """Extremely randomised trees of all labels."""
    return ExtraTreesClassifier(200, random_state=0, **settings)


def nystroem(n_components: int) -> Entrant:
    """Kernel ridge regression on the kernel of some rows."""
    return ours(
        f"kernel ridge, Nyström of {n_components} rows",
        "kernel_methods.MultiTaskKernelRidge",
        two(two(grid("alpha", 1e-7, 1e-4, 4), "gamma", 0.01, 0.03), "shared", 0.0, 0.5),
        approximation="nystroem",
        n_components=n_components,
        random_state=0,
    )


LEAVES = [{"min_samples_leaf": rows} for rows in (1, 5)]
C = grid("C", 1e-3, 1e2, 6)
TREES = [{"max_leaf_nodes": 4}, {"max_leaf_nodes": 12, "max_features": 0.3}]
BOOSTING = {
    "learning_rate": 0.1,
    "min_samples_leaf": 10,
    "max_bins": 32,
    "max_iter": 500,
    "random_state": 0,
}


def linear(low: float, high: float) -> list[Entrant]:
    """Our linear classifiers, with strengths in a range."""
    strengths = grid("alpha", low, high, 7)
    return [
        ours("l21", "linear_model.L21Classifier", strengths),
        ours("trace norm", "linear_model.TraceNormClassifier", strengths),
        ours(
            "mean-regularised",
            "linear_model.MeanRegularizedClassifier",
            two(strengths, "mean_alpha", 1e-5, 1e-3, 1e-2),
        ),
        ours("MTRL", "linear_model.TaskRelationshipClassifier", strengths[1::2]),
    ]


LABELS = [
    Entrant("logistic regression per label", of_labels(logistic), C),
    Entrant("chain of logistic regressions", chain, C[1:5]),
    Entrant("random forest of all labels", random_forest, LEAVES),
    Entrant("extra trees of all labels", random_cuts, LEAVES),
    theirs("LightGBM per label", of_labels(boosted), BOOSTED, "lightgbm"),
    *linear(1e-4, 0.1),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingClassifier",
        TREES,
        **BOOSTING,
    ),
]

SHARED = [
    Entrant("pooled logistic regression", pooled(logistic), grid("C", 1e-2, 1e3, 6)),
    Entrant("logistic regression per domain", per_task(logistic), grid("C", 1e-2, 1e3, 6)),
    theirs(
        "LightGBM, domain as category",
        lambda **settings: LightGBMWithTask(classes=True, min_child_samples=5, **settings),
        BOOSTED,
        "lightgbm",
    ),
]
TEXTS = [*SHARED, *linear(1e-6, 1e-2)]
DOMAINS = [
    *SHARED,
    Entrant(
        "random forest with the domain",
        lambda **settings: ForestWithTask(classes=True, n_estimators=200, **settings),
        LEAVES,
    ),
    *linear(1e-5, 1e-2),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingClassifier",
        [{"max_leaf_nodes": 4, "max_features": 0.1}],
        **BOOSTING | {"max_iter": 200},
    ),
]

JOINTS = [
    Entrant("ridge per joint", Ridge, grid("alpha", 0.01, 1e3, 6)),
    Entrant("random forest of all joints", forest, [{"max_features": 1 / 3}, {}]),
    Entrant("extra trees of all joints", extra_trees, [{"max_features": 1 / 3}, {}]),
    theirs(
        "LightGBM per joint",
        lightgbm,
        [{"n_estimators": 500, "num_leaves": n, "learning_rate": 0.1} for n in (8, 16)],
        "lightgbm",
    ),
    ours("l21", "linear_model.L21Regressor", grid("alpha", 1e-4, 0.1, 6)),
    ours("trace norm", "linear_model.TraceNormRegressor", grid("alpha", 1e-4, 0.1, 6)),
    nystroem(300),
    nystroem(1000),
    ours(
        "multi_task_boosting",
        "tree_models.MultiTaskBoostingRegressor",
        [{"max_leaf_nodes": n} for n in (8, 16)],
        **BOOSTING | {"max_iter": 1000},
    ),
]
