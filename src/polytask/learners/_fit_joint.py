"""Fits of joint estimators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polytask.learners._estimators import takes
from polytask.learners._fit_estimator import Remark, warnings_as_remarks
from polytask.learners._joint_rows import JointRows
from polytask.predictor._suitable_threads import suitable_threads

__all__ = ["fit_joint"]


def fit_joint(
    estimator: Any, rows: JointRows, task_weights: Sequence[float], remark: Remark
) -> Any:
    """Fit a joint estimator, in place.

    Parameters
    ----------
    estimator : estimator
        Its `fit` takes ``tasks``.
    rows : JointRows
    task_weights : sequence of float
        Factor of the loss of each output.
    remark : callable
        Receives a sentence about every problem.
    """
    given: dict[str, Any] = {} if rows.tasks is None else {"tasks": rows.tasks}
    if rows.weight is not None and takes(estimator, "sample_weight"):
        given["sample_weight"] = rows.weight
    elif rows.weight is not None:
        remark("row and class weights are ignored, since the estimator takes none")
    weighted = any(weight != 1 for weight in task_weights)
    if weighted and takes(estimator, "task_weights"):
        given["task_weights"] = np.array(task_weights, dtype=np.float64)
    elif weighted:
        remark("task weights are ignored, since the estimator takes none")
    with suitable_threads(len(rows)), warnings_as_remarks(estimator, remark):
        estimator.fit(rows.X, rows.Y, **given)
    return estimator
