"""Labelled rows of a part of a task, as metrics receive them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from polytask._row_shares import shares_of_largest
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget

__all__ = ["LabelledRows", "check_rows", "labelled_rows"]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """One part of a task (a column, a class against the rest, or all) over its labelled rows.

    Attributes
    ----------
    kept : array of shape (n_rows,)
        Which of all rows these are.
    truth : array of shape (n,) or (n, ...)
    response : array of shape (n,) or (n, ...)
    weight : array of shape (n,)
        Above 0, as shares of the largest.
    fitted : FittedTarget
        What was learned of the whole target.
    """

    kept: Bool[np.ndarray, " n_rows"]
    truth: Float64[np.ndarray, " n *cells"]
    response: Float64[np.ndarray, " n *outputs"]
    weight: Float64[np.ndarray, " n"]
    fitted: FittedTarget


def check_rows(owner: str, truth: np.ndarray, response: np.ndarray, weight: np.ndarray) -> None:
    """Raise unless response and weight have a row for each of the truth, and weights are sound."""
    if len(response) != len(truth):
        expected = f"an array of {len(truth)} rows, as `truth` is"
        raise ParameterError(message(owner, "response", expected, response.shape))
    if len(weight) != len(truth):
        expected = f"an array of {len(truth)} values, as `truth` has rows"
        raise ParameterError(message(owner, "weight", expected, weight.shape))
    if weight.size and not 0 <= weight.min() <= weight.max() < np.inf:
        worst = weight.max() if weight.min() >= 0 else weight.min()
        raise ParameterError(message(owner, "weight", "finite and at least 0", worst))


def labelled_rows(
    truth: np.ndarray, response: np.ndarray, weight: np.ndarray, fitted: FittedTarget
) -> LabelledRows | MetricValue:
    """The labelled rows of positive weight, or why they have no value."""
    missing = np.isnan(truth).any(axis=tuple(range(1, truth.ndim)))
    kept = ~missing & (weight > 0)
    if not kept.any():
        return MetricValue(None, "no labelled rows")
    answers = response[kept]
    broken = ~np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)
    if broken.any():
        rows = f"{broken.sum()} of the {len(answers)} labelled rows"
        return MetricValue(None, f"the prediction is not finite in {rows}")
    return LabelledRows(kept, truth[kept], answers, shares_of_largest(weight[kept]), fitted)
