"""Checks that estimators from a file predict the model's tasks from its inputs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from polytask.data import Schema
from polytask.predictor._design import Design
from polytask.predictor._estimators_part import EstimatorsPart
from polytask.predictor._joint_answers import answers_by_row, answers_of_table, is_joint
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["check_model_parts"]


def check_model_parts(
    parts: Sequence[EstimatorsPart], tasks: TaskSet, schemas: Mapping[str, Schema]
) -> None:
    """Raise unless each task of each source is predicted once, by suitable estimators.

    Raises
    ------
    ValueError
        With a description of the problem.
    """
    answered = Counter((part.source, task) for part in parts for task in part.tasks)
    expected = Counter((name, task) for name, schema in schemas.items() for task in schema.targets)
    if answered != expected:
        raise ValueError("not every task of every source is answered once")
    for part in parts:
        schema = schemas[part.source]
        _check_design(part.design, schema)
        width = part.design.width(schema)
        for estimator in part.estimators:
            n_features = getattr(estimator, "n_features_in_", width)
            if n_features != width:
                raise ValueError(f"an estimator of {n_features} features is shown {width}")
        _check_outputs(part, tasks, schema)


def _check_design(design: Design, schema: Schema) -> None:
    frequent, codes = design.frequent, schema.cardinalities
    sound = (
        design.sparse <= (design.categorical == "one_hot")
        and set(design.tasks) <= set(schema.targets)
        and len(set(design.tasks)) == len(design.tasks)
        and (schema.own_rows or not design.tasks)
        and len(frequent) in ({len(codes)} if design.categorical == "codes" else {0, len(codes)})
        and not (design.sparse and frequent)
        and all(
            kept is None or (len(set(kept)) == len(kept) and 0 < min(kept) <= max(kept) < size)
            for kept, size in zip(frequent, codes, strict=False)
        )
    )
    if not sound:
        raise ValueError(f"the inputs of source {schema.source!r} are laid out as no fit would")


def _check_outputs(part: EstimatorsPart, tasks: TaskSet, schema: Schema) -> None:
    for name in part.tasks:
        kind, target = tasks[name].known_kind, schema.targets[name]
        if not all(map(kind.accepts_fitted, part.estimators)):
            raise ValueError(f"an estimator cannot answer task {name!r}")
        if not part.spread and len(part.estimators) not in kind.estimator_counts(target):
            raise ValueError(f"task {name!r} has more or fewer estimators than columns")
    if part.spread:
        _check_spread(part, tasks, schema)
    else:
        _check_apart(part, tasks, schema)


def _check_apart(part: EstimatorsPart, tasks: TaskSet, schema: Schema) -> None:
    """Check estimators that learned one task, or rows of several as one."""
    if part.outputs or part.by_row:
        raise ValueError("estimators of single tasks have the outputs of several")
    X = np.zeros((1, part.design.width(schema)))
    for name in part.tasks:
        size = math.prod(tasks[name].known_kind.target_shape(schema.targets[name]))
        for estimator in part.estimators:
            classes = getattr(estimator, "classes_", None)
            _check_classes(classes, schema.targets[name])
            if is_joint(estimator) and classes is not None:
                _check_trial(estimator.predict_proba(X), (1, len(classes)))
            elif is_joint(estimator):
                together = size > 1 and len(part.estimators) == 1
                _check_trial(estimator.predict(X), (1, size) if together else (1,))


def _check_spread(part: EstimatorsPart, tasks: TaskSet, schema: Schema) -> None:
    """Check the one estimator of several tasks."""
    if len(part.estimators) != 1:
        raise ValueError("one estimator must answer for all tasks of a part")
    (estimator,) = part.estimators
    joint = is_joint(estimator)
    if not joint and (part.outputs or part.by_row or not is_regressor(estimator)):
        raise ValueError("only the outputs of a regressor answer several tasks")
    for name in part.tasks:
        kind = tasks[name].known_kind
        if not (kind.joint_outputs or (joint and kind.weighted_outputs)):
            raise ValueError(f"task {name!r} is no output of an estimator of several tasks")
    columns = part.columns(tasks, schema.targets)
    n_cells = sum(
        tasks[name].known_kind.estimator_outputs(schema.targets[name]) for name in part.tasks
    )
    if len(part.outputs or range(n_cells)) != n_cells or min(part.outputs, default=0) < 0:
        raise ValueError("an estimator has other outputs than its tasks have columns")
    if joint:
        _check_joint(part, estimator, columns, schema)


def _check_joint(
    part: EstimatorsPart, estimator: Any, columns: Mapping[str, Sequence[int]], schema: Schema
) -> None:
    """Raise unless a joint estimator answers a row of zeros for each of its tasks."""
    X, rows = np.zeros((1, part.design.width(schema))), np.zeros(1, dtype=np.intp)
    answers = (
        answers_by_row(estimator, X, columns, dict.fromkeys(columns, rows))
        if part.by_row
        else answers_of_table(estimator, X, columns, dict.fromkeys(columns, rows))
    )
    for name, own in answers.items():
        for answer in own:
            classes = getattr(answer, "classes_", None)
            _check_classes(classes, schema.targets[name])
            size = (len(columns[name]),) if classes is None else (len(classes),)
            one_number = classes is None and part.by_row
            _check_trial(answer.values, (1,) if one_number else (1, *size))


def _check_trial(answer: object, shape: tuple[int, ...]) -> None:
    values = np.asarray(answer)
    if values.shape != shape or values.dtype.kind != "f" or not np.isfinite(values).all():
        raise ValueError("a joint estimator gives no number for each of its tasks")


def _check_classes(classes: object, target: FittedTarget) -> None:
    """Check that codes of classes are positions among the target's classes."""
    if classes is None:
        return
    codes = np.asarray(classes)
    known = max(2, len(target.classes))
    if codes.dtype.kind not in "iuf" or not np.isin(codes, np.arange(known)).all():
        raise ValueError("an estimator gives classes that its task does not have")
