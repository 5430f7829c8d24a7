"""Number of folds of estimators that divide their rows, by the rarest class."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from polytask.learners._rows import Rows

__all__ = ["with_fewest_folds"]


def with_fewest_folds(estimator: Any, rows: Rows, remark: Callable[[str], None]) -> Rows:
    """Lower the folds ``cv`` of a classifier to the rows of the rarest class, which each fold must hold.

    Rows of classes that have a single one are left out.

    Parameters
    ----------
    estimator : estimator
        Its ``cv`` is changed in place; others than classifiers with a number of folds are left alone.
    rows : Rows
    remark : callable
        Receives a sentence if the folds are fewer, or rows are left out.
    """
    folds = estimator.get_params(deep=False).get("cv")
    if not isinstance(folds, Integral) or not is_classifier(estimator) or rows.Y.shape[1] > 1:
        return rows
    classes, code, counts = np.unique(rows.Y, return_inverse=True, return_counts=True)
    if counts.min() == 1 and len(classes) > 1:
        remark("classes with a single training row are left out, since folds must hold each class")
        kept = counts[code.ravel()] > 1
        rows = rows.take(kept if kept.any() else code.ravel() == 0)
        counts = counts[counts > 1]
    if len(counts) > 1 and counts.min() < folds:
        remark(f"{counts.min()} folds in place of {folds}, since the rarest class has so few rows")
        estimator.set_params(cv=int(counts.min()))
    return rows
