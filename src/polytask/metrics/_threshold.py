"""Choice of the threshold of decisions that is best by a metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Real

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._labelled_rows import LabelledRows, labelled_rows
from polytask.metrics._metric import Metric
from polytask.tasks import FittedTarget, Task, named_object, with_thresholds

__all__ = ["best_thresholds", "threshold_metric"]

_MOST = 500
"""Thresholds tried between all probabilities, and again around the best of them."""
_LEAST = 1e-9
"""Thresholds are at least so far from 0 and 1."""


def threshold_metric(task: Task) -> Metric | float | None:
    """The threshold of a task, or the metric that chooses it; None for one half.

    Raises
    ------
    ParameterError
        If the task's kind has no threshold, or the metric does not serve it or measures no decisions.
    """
    if task.threshold is None:
        return None
    kind, owner = task.known_kind, f"task {task.name!r}"
    if not kind.takes_threshold:
        expected = f"None, since decisions of the kind {kind.name} have no threshold"
        raise ParameterError(message(owner, "threshold", expected, task.threshold))
    if isinstance(task.threshold, int | float):
        return float(task.threshold)
    metric = named_object(task.threshold, "polytask.metrics", Metric, owner, "threshold")
    if not isinstance(metric, Metric) or not metric.serves(kind) or not metric.decides:
        expected = f"a number in (0, 1) or a metric of decisions that serves the kind {kind.name}"
        remedy = "Choose from accuracy, balanced_accuracy, f1 and mcc."
        raise ParameterError(message(owner, "threshold", expected, task.threshold, remedy))
    return metric


def best_thresholds(
    metric: Metric,
    truth: Float[np.ndarray, " n *columns"],
    response: Float[np.ndarray, " n *columns"],
    fitted: FittedTarget,
    weight: Real[np.ndarray, " n"],
) -> tuple[float | None, ...]:
    """The threshold of each column that is best by a metric; None where the metric is undefined.

    It lies in the middle between two predicted probabilities. Of equally good ones it is the one
    nearest to one half. Of more than 500 probabilities, first 500 evenly spaced ones are tried,
    then those around the best.

    Parameters
    ----------
    metric : Metric
        Of decisions.
    truth, response, fitted, weight
        As in `Metric.score`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import F1, best_thresholds
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.05, 0.1, 0.2, 0.4])
    >>> target = FittedTarget(("fraud",), ("no", "yes"))
    >>> [round(t, 3) for t in best_thresholds(F1(), truth, response, target, np.ones(4))]
    [0.15]
    """
    fitted = with_thresholds(fitted, ())
    columns = truth.reshape(len(truth), -1), response.reshape(len(response), -1)
    parts = (
        labelled_rows(
            own_truth.astype(np.float64), own.astype(np.float64), np.asarray(weight), fitted
        )
        for own_truth, own in zip(columns[0].T, columns[1].T, strict=True)
    )
    return tuple(_best(metric, part) if isinstance(part, LabelledRows) else None for part in parts)


def _best(metric: Metric, rows: LabelledRows) -> float | None:
    curve = _Curve(metric, rows)
    if curve.value(0) is None:
        return None
    last = len(curve.thresholds) - 1
    tried = np.unique(np.linspace(0, last, min(last + 1, _MOST)).round().astype(int))
    best = curve.best(tried.tolist())
    if len(tried) <= last:
        place = int(np.searchsorted(tried, best))
        low, high = tried[max(place - 1, 0)], tried[min(place + 1, len(tried) - 1)]
        near = np.unique(np.linspace(low, high, min(high - low + 1, _MOST)).round().astype(int))
        best = curve.best(near.tolist())
    return float(curve.thresholds[best])


class _Curve:
    """Values of a metric at every threshold, from the weights of right and wrong decisions."""

    def __init__(self, metric: Metric, rows: LabelledRows) -> None:
        self.metric, self.fitted = metric, rows.fitted
        order = np.argsort(rows.response, kind="stable")
        response, positive = rows.response[order], rows.truth[order] == 1
        weight = rows.weight[order]
        ends = np.flatnonzero(np.diff(response) > 0) + 1  # rows below each threshold
        middles = (response[ends - 1] + response[ends]) / 2
        bottom, top = response[0] / 2, (1 + response[-1]) / 2
        thresholds = np.concatenate([[bottom], middles, [top]])
        self.thresholds = np.clip(thresholds, _LEAST, 1 - _LEAST)
        below = np.concatenate([[0], ends, [len(response)]])
        missed = np.concatenate([[0.0], np.cumsum(weight * positive)])[below]
        spared = np.concatenate([[0.0], np.cumsum(weight * ~positive)])[below]
        caught = (weight * positive).sum() - missed
        alarms = (weight * ~positive).sum() - spared
        self.counts = np.maximum(np.stack([caught, missed, alarms, spared], axis=1), 0.0)

    def value(self, position: int) -> float | None:
        """The metric, greater if better."""
        weight = self.counts[position]
        kept = weight > 0
        with np.errstate(all="ignore"):
            truth, response = np.array([1.0, 1, 0, 0])[kept], np.array([1.0, 0, 1, 0])[kept]
            measured = self.metric.measure(truth, response, weight[kept], self.fitted).value
        if measured is None or not np.isfinite(measured):
            return None
        return measured if self.metric.greater_is_better else -measured

    def best(self, positions: Sequence[int]) -> int:
        """The best of some positions, nearest to one half among equals."""
        values = [self.value(position) for position in positions]
        known = [-np.inf if value is None else value for value in values]
        most = max(known)
        equals = [
            position
            for position, value in zip(positions, known, strict=True)
            if value >= most - 1e-12 * max(1.0, abs(most))
        ]
        return min(equals, key=lambda position: abs(self.thresholds[position] - 0.5))
