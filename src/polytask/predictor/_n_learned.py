"""Number of values that an estimator learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import sparray, spmatrix
from sklearn.base import BaseEstimator

from polytask.predictor._boosters import fitted_trees

__all__ = ["n_learned"]


def n_learned(estimator: Any) -> int:
    """Count the numbers in the fitted attributes of an estimator and of those inside it.

    A node of a tree counts as one, since it holds a threshold or a value. So does every number of
    the training rows if an estimator learns nothing else, as nearest neighbours do, and every plain
    float of an estimator that has no arrays.
    """
    trees = fitted_trees(estimator)
    if trees is not None:
        return trees.n_numbers
    if hasattr(estimator, "_predictors"):  # histogram boosting: rounds of trees
        return sum(len(tree.nodes) for trees in estimator._predictors for tree in trees)  # noqa: SLF001
    if hasattr(estimator, "tree_"):
        return int(estimator.tree_.node_count)
    attributes = list(_fitted_attributes(estimator))
    n_floats = sum(isinstance(value, float) for value in attributes)
    return sum(map(_count, attributes)) or _count_kept_rows(estimator) or n_floats


def _count_kept_rows(estimator: Any) -> int:
    return sum(_count(getattr(estimator, name, None)) for name in ("_fit_X", "_y"))


def _fitted_attributes(estimator: Any) -> Iterator[object]:
    for name, value in vars(estimator).items():
        counts = name.startswith("n_") or name == "classes_"
        if (name.endswith("_") and not counts) or name == "steps":
            yield value


def _count(value: Any) -> int:
    if isinstance(value, BaseEstimator):
        return n_learned(value)
    if hasattr(value, "calibrators"):  # a calibrated classifier, inside an estimator of several
        return _count([value.estimator, *value.calibrators])
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        return sum(_count(item) for item in value)
    if isinstance(value, spmatrix | sparray):
        return int(value.nnz)
    if isinstance(value, np.ndarray | np.floating) and np.issubdtype(value.dtype, np.floating):
        return int(value.size)
    return 0
