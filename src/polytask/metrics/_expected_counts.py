"""Counts and their expectations, from the truth and the response of a task of counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask.metrics._best_constant import median_response
from polytask.metrics._metric import Part
from polytask.tasks import FittedTarget

__all__ = ["check_counted", "counted_parts", "is_counted", "median_rate", "rate_of_least_squares"]


def is_counted(fitted: FittedTarget) -> bool:
    """Whether a target declares counts (`FittedTarget`): exposures, and dispersions of responses."""
    return "mean_count" in fitted.learned


def counted_parts(truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> Iterator[Part]:
    """The one part of a task of counts: these, and rate times exposure.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics._expected_counts import counted_parts
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("claims", "months"), learned={"mean_count": (1.0,)})
    >>> ((_, counts, expected),) = counted_parts(np.array([[3.0, 6.0]]), np.array([0.25]), target)
    >>> counts, expected
    (array([3.]), array([1.5]))
    """
    counts, exposures = _columns(truth)
    rate = response if response.ndim == 1 else response[:, 0]
    missing = np.isnan(exposures)
    yield (
        f"column {fitted.columns[0]!r}",
        np.where(missing, np.nan, counts),
        rate * np.where(missing, 1.0, exposures),
    )


def check_counted(truth: np.ndarray, response: np.ndarray) -> bool:
    """Whether truth and response have shapes of counts: (n,) or (n, 2) each."""
    return all(array.ndim == 1 or array.shape[1:] == (2,) for array in (truth, response))


def rate_of_least_squares(
    mean: Float64[np.ndarray, " *outputs"],
    truth: Float[np.ndarray, " n *columns"],
    weight: Real[np.ndarray, " n"],
) -> Float64[np.ndarray, " *outputs"]:
    """The constant rate of least squared errors, in place of the mean rate of a response."""
    counts, exposures, weight = _labelled(truth, weight)
    shares = weight / weight.max()
    return _with_rate(mean, (shares @ (counts * exposures)) / (shares @ np.square(exposures)))


def median_rate(
    mean: Float64[np.ndarray, " *outputs"],
    truth: Float[np.ndarray, " n *columns"],
    weight: Real[np.ndarray, " n"],
) -> Float64[np.ndarray, " *outputs"]:
    """The constant rate of least absolute errors, in place of the mean rate of a response."""
    counts, exposures, weight = _labelled(truth, weight)
    return _with_rate(mean, float(median_response(counts / exposures, weight * exposures)))


def _columns(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (truth, np.ones(len(truth))) if truth.ndim == 1 else (truth[:, 0], truth[:, 1])


def _labelled(truth: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts, exposures = _columns(truth)
    known = ~np.isnan(counts) & ~np.isnan(exposures) & (weight > 0)
    return counts[known], exposures[known], weight[known].astype(np.float64)


def _with_rate(mean: np.ndarray, rate: float) -> np.ndarray:
    if mean.ndim == 0:
        return np.asarray(rate)
    return np.array([rate, *mean[1:]])
