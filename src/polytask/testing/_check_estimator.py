"""Common check of estimators that learn several tasks."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.base import clone, is_classifier

from polytask.estimators import MultiTaskEstimator
from polytask.exceptions import PolytaskError, UnknownNameError
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_estimator"]

_CLOSE = 1e-4
_NEAR = 1e-2
"""Of solutions that were started from others."""


class _Rows(NamedTuple):
    """A table with missing labels, the same labels as rows of each task, and the ids of columns."""

    X: np.ndarray
    Y: np.ndarray
    own: np.ndarray
    y: np.ndarray
    tasks: np.ndarray
    ids: np.ndarray


def check_estimator(estimator: Any) -> None:
    """Check that an estimator keeps the promises of `MultiTaskEstimator`.

    It learns a table with missing labels, the same labels as rows of each task, and one task. Beside it,
    ``sklearn.utils.estimator_checks.check_estimator`` holds it to scikit-learn's contract.

    Parameters
    ----------
    estimator : MultiTaskEstimator
        Unfitted.

    Raises
    ------
    AssertionError
        If the forms of labels give different models, ids of tasks are mixed up, weights do not count as
        repeated rows, sparse inputs or rows in parts give another model, bad values are accepted, `score` reads
        other labels than those of the tasks, answers have other shapes, constant or collinear features give no
        numbers, columns in another order are predicted, or an argument is changed.
    """
    require_instance("check_estimator", "estimator", estimator, MultiTaskEstimator)
    name = type(estimator).__name__
    ids = ("a", "b", "c") if estimator.orders_tasks else ("b", "a", "c")
    rows = _rows(ids, classes=is_classifier(estimator))
    kept = [array.copy() for array in rows]
    shared = _fit(estimator, rows.X, rows.Y)
    own = _fit(estimator, rows.X[rows.own], rows.y, tasks=rows.tasks)
    _check_forms(name, shared, own, rows)
    _check_scale(name, estimator, own, rows)
    _check_one(name, estimator, rows)
    _check_columns(name, estimator, rows)
    _check_errors(name, estimator, own, rows)
    _check_scores(name, shared, own, rows)
    if hasattr(estimator, "partial_fit"):
        _check_parts(name, estimator, shared, rows)
    if estimator.accepts_sparse:
        thin = sparse.csr_array(rows.X)
        again = _fit(estimator, thin, rows.Y)
        sentence = f"{name}: sparse inputs give another model"
        require_close(
            _scores(again, thin), _scores(shared, rows.X), sentence, relative=_CLOSE, absolute=1e-8
        )
    for array, before in zip(rows, kept, strict=True):
        require(
            np.array_equal(array, before, equal_nan=array.dtype.kind == "f"),
            f"{name}: an argument was changed in place.",
        )


def _rows(ids: tuple[str, ...], *, classes: bool) -> _Rows:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(40, 5)) + 1.0
    Y = X[:, :3] @ generator.normal(size=(3, 3)) + 0.3 * generator.normal(size=(40, 3))
    if classes:
        Y = (np.median(Y, axis=0) < Y).astype(float)
    Y[generator.random(Y.shape) < 0.2] = np.nan
    own, column = np.nonzero(~np.isnan(Y))
    order = generator.permutation(len(own))
    own, column = own[order], column[order]
    return _Rows(X, Y, own, Y[own, column], np.array(ids)[column], np.array(ids))


def _fit(estimator: Any, X: Any, y: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(estimator).fit(X, y, **options)


def _scores(fitted: Any, X: Any, **options: Any) -> np.ndarray:
    answer = fitted.decision_function if hasattr(fitted, "decision_function") else fitted.predict
    return np.asarray(answer(X, **options))


def _check_forms(name: str, shared: Any, own: Any, rows: _Rows) -> None:
    """One table and rows of each task give the same model, whose tasks have their ids."""
    require(list(shared.tasks_) == [0, 1, 2], f"{name}: the tasks of columns are {shared.tasks_}.")
    require(list(own.tasks_) == ["a", "b", "c"], f"{name}: the ids of tasks are {own.tasks_}.")
    table = _scores(shared, rows.X)
    require_finite(table, f"{name}: a score is not finite")
    require(table.shape == (len(rows.X), 3), f"{name}: scores of shape {table.shape}.")
    require(shared.predict(rows.X).shape == (len(rows.X), 3), f"{name}: answers of another shape.")
    sentence = f"{name}: rows of each task give another model than a table"
    require_close(
        _scores(own, rows.X)[:, np.argsort(np.argsort(rows.ids))],
        table,
        sentence,
        relative=_CLOSE,
        absolute=1e-8,
    )
    column = np.searchsorted(own.tasks_, rows.tasks)
    each = _scores(own, rows.X[rows.own], tasks=rows.tasks)
    wanted = _scores(own, rows.X[rows.own])[np.arange(len(column)), column]
    require_close(each, wanted, f"{name}: `tasks` gives other scores than all tasks do")
    again = _fit(own, rows.X[rows.own], rows.y, tasks=rows.tasks)
    require_same(_scores(again, rows.X), _scores(own, rows.X), f"{name}: a second fit differs")
    require(
        np.isfinite(own.score(rows.X[rows.own], rows.y, tasks=rows.tasks)), f"{name}: no score."
    )


def _check_parts(name: str, estimator: Any, shared: Any, rows: _Rows) -> None:
    """Rows that come in parts give the model of all."""
    parts = clone(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in (slice(0, 25), slice(25, None)):
            parts.partial_fit(rows.X[part], rows.Y[part])
    sentence = f"{name}: rows in parts give another model"
    require_close(
        _scores(parts, rows.X), _scores(shared, rows.X), sentence, relative=_NEAR, absolute=_NEAR
    )


def _check_scale(name: str, estimator: Any, own: Any, rows: _Rows) -> None:
    """Weights count as repeated rows, and their scale does not unless it is said to."""
    scale = 1.0 if estimator.weights_count_rows else 7.0
    count = 1 + (np.arange(len(rows.y)) % 3 == 0)
    X, repeated = rows.X[rows.own], np.repeat(np.arange(len(rows.y)), count)
    weighted = _fit(estimator, X, rows.y, tasks=rows.tasks, sample_weight=scale * count)
    again = _fit(estimator, X[repeated], rows.y[repeated], tasks=rows.tasks[repeated])
    sentence = f"{name}: weights do not count as repeated rows"
    require_close(_scores(weighted, X), _scores(again, X), sentence, relative=_CLOSE, absolute=1e-8)
    even = _fit(estimator, X, rows.y, tasks=rows.tasks, task_weights=np.ones(3))
    require_same(_scores(even, X), _scores(own, X), f"{name}: equal `task_weights` have an effect")
    differs = not np.allclose(_scores(weighted, X), _scores(own, X), rtol=1e-8, atol=1e-10)
    require(differs, f"{name}: weights have no effect.")


def _check_one(name: str, estimator: Any, rows: _Rows) -> None:
    """One task gives answers of one axis."""
    known = ~np.isnan(rows.Y[:, 0])
    one = _fit(estimator, rows.X[known], rows.Y[known, 0])
    shape = one.predict(rows.X).shape
    require(shape == (len(rows.X),), f"{name}: one task is predicted in the shape {shape}.")


def _check_columns(name: str, estimator: Any, rows: _Rows) -> None:
    """Constant and collinear features are learned, and columns in another order are refused."""
    wide = np.hstack([rows.X, np.ones((len(rows.X), 1)), rows.X[:, :1], -2 * rows.X[:, 1:2]])
    frame = pl.DataFrame(wide, schema=[f"x{column}" for column in range(wide.shape[1])])
    few = {"max_iter": 100} if estimator.get_params().get("max_iter", 0) > 100 else {}
    fitted = _fit(clone(estimator).set_params(**few), frame, rows.Y)
    sentence = f"{name}: constant and collinear features give no scores"
    require_finite(_scores(fitted, frame), sentence)
    try:
        fitted.predict(frame.select(frame.columns[::-1]))
    except PolytaskError as error:
        require(
            "same order" in str(error), f"{name}: another order of columns is not named: {error}"
        )
    else:
        raise AssertionError(f"{name}: features in another order are predicted.")


def _check_errors(name: str, estimator: Any, own: Any, rows: _Rows) -> None:
    """Bad values have errors of ours that name the argument."""
    X, bad = rows.X[rows.own], rows.Y.copy()
    bad[:, 1] = np.nan
    for parameter in type(estimator).parameter_constraints:
        wrong = clone(estimator).set_params(**{parameter: object()})
        _require_error(name, parameter, lambda wrong=wrong: wrong.fit(rows.X, rows.Y))
    _require_error(name, "y", lambda: clone(estimator).fit(rows.X, bad))
    _require_error(name, "tasks", lambda: clone(estimator).fit(X, rows.y, tasks=rows.tasks[:-1]))
    negative = -np.ones(len(rows.y))
    _require_error(
        name,
        "sample_weight",
        lambda: clone(estimator).fit(X, rows.y, tasks=rows.tasks, sample_weight=negative),
    )
    _require_error(
        name,
        "task_weights",
        lambda: clone(estimator).fit(X, rows.y, tasks=rows.tasks, task_weights=[1.0, 0.0, 1.0]),
    )
    try:
        own.predict(rows.X, tasks=np.repeat("z", len(rows.X)))
    except UnknownNameError as error:
        require("z" in str(error), f"{name}: an unknown task is not named.")
    else:
        raise AssertionError(f"{name}: an unknown task is predicted.")


def _check_scores(name: str, shared: Any, own: Any, rows: _Rows) -> None:
    """Labels that `score` receives belong to all tasks; those of a task may be missing."""
    X, own_rows, labels = rows.X, rows.X[rows.own], rows.Y.copy()
    labels[:, 1] = np.nan
    require(np.isfinite(shared.score(X, labels)), f"{name}: no score without labels of a task.")
    _require_error(name, "y", lambda: shared.score(X, rows.Y[:, :2]))
    _require_error(name, "y", lambda: own.score(X, rows.Y, tasks=rows.tasks[: len(X)]))
    few = np.ones(4)
    for call in (
        lambda: shared.score(X, rows.Y, sample_weight=few),
        lambda: own.score(own_rows, rows.y, sample_weight=few, tasks=rows.tasks),
    ):
        _require_error(name, "sample_weight", call)


def _require_error(name: str, parameter: str, call: Any) -> None:
    try:
        call()
    except PolytaskError as error:
        named = f"`{parameter}`" in str(error)
        require(named, f"{name}: the error does not name `{parameter}`: {error}")
    else:
        raise AssertionError(f"{name}: a bad `{parameter}` is accepted.")
