"""Checks that estimators from a file predict the model's tasks from its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import is_regressor

from polytask.data import Schema
from polytask.predictor._design import Design
from polytask.predictor._estimators_part import EstimatorsPart
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
    targets = [schema.targets[name] for name in part.tasks]
    if part.spread and len(part.estimators) != 1:
        raise ValueError("one estimator must answer for all tasks of a part")
    for name, target in zip(part.tasks, targets, strict=True):
        kind = tasks[name].known_kind
        if not all(map(kind.accepts_fitted, part.estimators)):
            raise ValueError(f"an estimator cannot answer task {name!r}")
        if not part.spread and len(part.estimators) not in kind.estimator_counts(target):
            raise ValueError(f"task {name!r} has more or fewer estimators than columns")
        if part.spread and not kind.joint_outputs:
            raise ValueError(f"task {name!r} is no output of an estimator of several tasks")
        for estimator in part.estimators:
            _check_classes(getattr(estimator, "classes_", None), target)
    if part.spread and not all(map(is_regressor, part.estimators)):
        raise ValueError("only the outputs of a regressor answer several tasks")


def _check_classes(classes: object, target: FittedTarget) -> None:
    """Check that codes of classes are positions among the target's classes."""
    if classes is None:
        return
    codes = np.asarray(classes)
    known = max(2, len(target.classes))
    if codes.dtype.kind not in "iuf" or not np.isin(codes, np.arange(known)).all():
        raise ValueError("an estimator gives classes that its task does not have")
