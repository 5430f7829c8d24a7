"""Fits of single estimators; convergence warnings and ignored weights become remarks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import QuantileRegressor

from polytask._trust import is_own
from polytask.learners._early_stopping import fit_with_early_stopping, stops_by_callback
from polytask.learners._estimators import gives_several_outputs, takes
from polytask.learners._fewest_bins import set_fewest_bins
from polytask.learners._fewest_folds import with_fewest_folds
from polytask.learners._rows import Rows
from polytask.predictor._suitable_threads import are_few, suitable_threads
from polytask.tasks import learns_loss

__all__ = ["Remark", "fit_estimator", "fit_task", "warnings_as_remarks"]

Remark = Callable[[str], None]

_MOST_ROWS = 3000
"""Of one linear program, whose time grows with their square."""


def fit_task(
    estimators: Sequence[Any],
    rows: Rows,
    validation: Rows | None,
    n_classes: int,
    remark: Remark,
    arguments: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Any, ...]:
    """Fit each estimator, one for all target columns where it can, one per column otherwise."""
    return tuple(
        fitted
        for estimator in estimators
        for fitted in _fit_columns(estimator, rows, validation, n_classes, remark, arguments)
    )


def _fit_columns(
    estimator: Any,
    rows: Rows,
    validation: Rows | None,
    n_classes: int,
    remark: Remark,
    arguments: Mapping[str, Any],
) -> tuple[Any, ...]:
    n_columns = rows.Y.shape[1]
    together = not is_classifier(estimator) and gives_several_outputs(estimator)
    if n_columns > 1 and together and np.isfinite(rows.Y).all():
        return (fit_estimator(estimator, rows, None, n_classes, remark, arguments),)
    return tuple(
        fit_estimator(
            clone(estimator),
            rows.column(position),
            None if validation is None else validation.column(position),
            n_classes,
            remark,
            arguments,
        )
        for position in range(n_columns)
    )


def fit_estimator(
    estimator: Any,
    rows: Rows,
    validation: Rows | None,
    n_classes: int,
    remark: Remark,
    arguments: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """Fit an estimator, in place, on rows without missing labels.

    Parameters
    ----------
    estimator : estimator
    rows : Rows
    validation : Rows, optional
        Rows to stop boosting by.
    n_classes : int
        Number of classes of the target, 0 for numbers.
    remark : callable
        Receives a sentence about every problem.
    arguments : mapping of str to object, optional
        Further arguments of the estimator's `fit`.
    """
    rows = with_fewest_folds(estimator, _few_enough(estimator, rows, remark), remark)
    Y = rows.Y[:, 0] if rows.Y.shape[1] == 1 else rows.Y
    if is_classifier(estimator) and len(np.unique(Y)) == 1:
        remark("only one class among the training rows, so its smoothed frequency is predicted")
        return _frequencies(rows, n_classes)
    if learns_loss(estimator, "poisson") and not np.any(Y):
        remark("no number above 0 among the training rows, so 0 is predicted")
        return DummyRegressor(strategy="constant", constant=0.0).fit(rows.X, Y)
    set_fewest_bins(estimator, rows.X)
    given = {**arguments, **_weight_argument(estimator, rows, remark)}
    if are_few(len(rows)) and stops_by_callback(estimator) and not estimator.n_jobs:
        estimator.set_params(n_jobs=1)  # LightGBM has threads of its own
    with suitable_threads(len(rows)), warnings_as_remarks(estimator, remark):
        if validation is None:
            estimator.fit(rows.X, Y, **given)
        else:
            estimator = fit_with_early_stopping(estimator, rows, validation, given, remark)
    return estimator


def _few_enough(estimator: Any, rows: Rows, remark: Remark) -> Rows:
    """The rows; of those of a large linear program a draw, which is always the same.

    Rows of weight 0, which have no effect, are left out of the draw; the others are equally likely
    to be drawn and keep their weights.
    """
    if not isinstance(estimator, QuantileRegressor) or len(rows) <= _MOST_ROWS:
        return rows
    weight = rows.sample_weight()
    if weight is not None and not (weight > 0).all():
        return _few_enough(estimator, rows.take(weight > 0), remark)
    remark(f"{_MOST_ROWS:,} drawn rows are learned from, since larger linear programs are slow")
    drawn = np.random.default_rng(0).permutation(len(rows))[:_MOST_ROWS]
    return rows.take(np.sort(drawn))


def _weight_argument(estimator: Any, rows: Rows, remark: Remark) -> dict[str, Any]:
    weight = rows.sample_weight()
    if weight is None:
        return {}
    if takes(estimator, "sample_weight"):
        return {"sample_weight": weight}
    which = "class weights" if rows.balance is not None else "row weights"
    remark(f"{which} are ignored, since the estimator takes none")
    return {}


@contextmanager
def warnings_as_remarks(estimator: Any, remark: Remark) -> Iterator[None]:
    """Turn warnings of a fit that did not converge into remarks, and all of polytask's own estimators.

    Others are given again after the fit.
    """
    own = is_own(type(estimator).__module__)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning if own else ConvergenceWarning)
        yield
    for warning in caught:
        if own and issubclass(warning.category, UserWarning):
            remark(str(warning.message).rstrip("."))
        elif issubclass(warning.category, ConvergenceWarning):
            remark("the solver stopped before it converged")
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def _frequencies(rows: Rows, n_classes: int) -> DummyClassifier:
    """The classes' frequencies, smoothed by one additional row per class."""
    classes = np.concatenate([rows.Y[:1, 0], np.arange(n_classes)])
    weight = np.concatenate([[len(rows)], np.ones(n_classes)])
    X = np.zeros((len(classes), rows.X.shape[1]))
    return DummyClassifier(strategy="prior").fit(X, classes, sample_weight=weight)
