"""Early stopping of boosting on given validation rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import (
    log_loss,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from polytask.learners._estimators import takes
from polytask.learners._rows import Rows
from polytask.tasks import learns_loss

__all__ = ["fit_best_rounds", "fit_with_early_stopping", "stops_by_callback", "stops_early"]

_FEWEST_ROWS = 10
_ROUNDS_WITHOUT_VALIDATION = 100
_PATIENCE = 40


def stops_early(estimator: Any) -> bool:
    """Whether an estimator boosts round by round and can stop by a validation loss."""
    return stops_by_callback(estimator) or (
        hasattr(estimator, "staged_predict") and "early_stopping" in estimator.get_params()
    )


def stops_by_callback(estimator: Any) -> bool:
    """Whether the estimator stops as LightGBM's do."""
    return hasattr(type(estimator), "booster_") and takes(estimator, "callbacks")


def fit_with_early_stopping(
    estimator: Any,
    rows: Rows,
    validation: Rows,
    given: Mapping[str, Any],
    remark: Callable[[str], None],
) -> Any:
    """Fit a boosting estimator that stops when its validation loss stops improving.

    Those of LightGBM stop after 40 rounds without a better loss. scikit-learn 1.7 and later stop
    on rows passed to `fit`. With earlier versions all rounds are run and the estimator is fitted
    again with the best number of rounds.
    """
    y = rows.Y[:, 0]
    if is_classifier(estimator):
        validation = validation.take(np.isin(validation.Y[:, 0], np.unique(y)))
    if len(validation) < _FEWEST_ROWS:
        limit = _ROUNDS_WITHOUT_VALIDATION
        remark(f"too few validation rows to stop by, so it ran {limit} rounds at most")
        return _limited(estimator, limit).fit(rows.X, y, **given)
    if stops_by_callback(estimator):
        return _fit_with_callback(estimator, rows, validation, given)
    if takes(estimator, "X_val"):
        estimator.set_params(early_stopping=True)
        return estimator.fit(
            rows.X,
            y,
            **given,
            X_val=validation.X,
            y_val=validation.Y[:, 0],
            sample_weight_val=validation.sample_weight(),
        )
    return fit_best_rounds(estimator, rows, validation, given)


def _limited(estimator: Any, most: int) -> Any:
    """The estimator with at most that many rounds, none of them skipped."""
    if stops_by_callback(estimator):
        return estimator.set_params(n_estimators=min(estimator.n_estimators, most))
    return estimator.set_params(early_stopping=False, max_iter=min(estimator.max_iter, most))


def _fit_with_callback(
    estimator: Any, rows: Rows, validation: Rows, given: Mapping[str, Any]
) -> Any:
    from lightgbm import early_stopping

    y, weight = validation.Y[:, 0], validation.sample_weight()
    watched = (
        {"eval_X": (validation.X,), "eval_y": (y,)}
        if takes(estimator, "eval_X")  # since LightGBM 4.7
        else {"eval_set": [(validation.X, y)]}
    )
    return estimator.fit(
        rows.X,
        rows.Y[:, 0],
        **given,
        **watched,
        eval_sample_weight=None if weight is None else [weight],
        callbacks=[early_stopping(_PATIENCE, verbose=False)],
    )


def fit_best_rounds(
    estimator: Any,
    rows: Rows,
    validation: Rows,
    given: Mapping[str, Any],
) -> Any:
    """Run all rounds, then fit again with the number that was best on validation rows."""
    y = rows.Y[:, 0]
    whole = clone(estimator).set_params(early_stopping=False).fit(rows.X, y, **given)
    losses = list(_staged_losses(whole, validation))
    best = int(np.argmin(losses)) + 1
    return estimator.set_params(early_stopping=False, max_iter=best).fit(rows.X, y, **given)


def _staged_losses(fitted: Any, validation: Rows) -> Iterator[float]:
    y, weight = validation.Y[:, 0], validation.sample_weight()
    if is_classifier(fitted):
        for probabilities in fitted.staged_predict_proba(validation.X):
            yield log_loss(y, probabilities, sample_weight=weight, labels=fitted.classes_)
    else:
        loss: Callable[..., float] = mean_squared_error
        if learns_loss(fitted, "poisson"):
            loss = mean_poisson_deviance
        elif learns_loss(fitted, "quantile"):
            loss = partial(mean_pinball_loss, alpha=fitted.get_params()["quantile"])
        for predicted in fitted.staged_predict(validation.X):
            yield loss(y, predicted, sample_weight=weight)
