"""Common check of metrics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polytask.metrics import Metric
from polytask.tasks import Kind
from polytask.testing._examples import served_examples
from polytask.testing._metric_case import MetricCase
from polytask.testing._metric_declarations import check_declarations
from polytask.testing._require import require, require_close, require_instance

__all__ = ["check_metric"]


def check_metric(
    metric: Metric, kind: Kind | None = None, columns: Mapping[str, np.ndarray] | None = None
) -> None:
    """Check that a metric keeps the promises of `polytask.metrics.Metric`, for each of its kinds.

    Parameters
    ----------
    metric : Metric
    kind : Kind, optional
        By default every kind that it serves, each without arguments.
    columns : mapping of str to array, optional
        As in `check_kind`.

    Raises
    ------
    AssertionError
        If rows without a label have any influence, or labels or a column of them none; weights do
        not count as repeated rows; an undefined case gets a number or no reason; better
        predictions score worse; a declaration (`best`, `in_target_units`, `power`, `influence`) is
        wrong; or arguments are changed.
    ParameterError
        If the metric is no object of a class that extends `Metric`, or `kind` or `columns` is none.

    Examples
    --------
    >>> from polytask.metrics import RMSE
    >>> from polytask.testing import check_metric
    >>> check_metric(RMSE())
    """
    require_instance("check_metric", "metric", metric, Metric)
    name = type(metric).__name__
    require(metric.name and metric.label, f"{name} has no name or label.")
    sentence = f"{name} enters Δm by default, but may cross zero."
    require(metric.positive_scale or not metric.default_for, sentence)
    sentence = f"{name} enters Δm by default, but does not rank models."
    require(metric.ranks_models or not metric.default_for, sentence)
    cases = [MetricCase(metric, e) for e in served_examples("check_metric", metric, kind, columns)]
    defined = [case for case in cases if case.score(case.example.truth, case.fair).defined]
    for case in defined or cases:  # a metric may need more classes than some examples have
        _check_values(case)
        _check_missing(case)
        _check_labels(case)
        _check_weights(case)
        _check_undefined(case)
        check_declarations(case)


def _check_values(case: MetricCase) -> None:
    truth = case.example.truth
    fair = case.value(truth, case.fair)
    if case.metric.positive_scale:
        require(fair >= 0, f"{case.name}: {fair:.4g} is below zero on a positive scale.")
    if case.metric.ranks_models and case.good is not None:
        good = case.value(truth, case.good)
        better = good > fair if case.metric.greater_is_better else good < fair
        sentence = f"{case.name}: good predictions score {good:.4g}, random ones {fair:.4g}."
        require(better, sentence)
    order = np.random.default_rng(0).permutation(len(truth))
    turned = case.value(truth[order], case.fair[order])
    require_close(turned, fair, f"{case.name}: the order of rows changes the value")
    case.value(truth, case.far)


def _check_missing(case: MetricCase) -> None:
    truth, fair = case.example.truth, case.fair
    whole = case.value(truth, fair)
    cells = np.isnan(truth)
    missing = cells.reshape(len(truth), -1).all(axis=1)
    without = case.value(truth[~missing], fair[~missing])
    require_close(without, whole, f"{case.name}: rows without a label change the value")
    hidden = fair.copy()
    hidden[missing] = case.other[missing]
    if fair.shape == truth.shape:
        hidden[cells] = case.other[cells]
    sentence = f"{case.name}: the response in cells without a label changes the value"
    require_close(case.value(truth, hidden), whole, sentence)


def _check_labels(case: MetricCase) -> None:
    """Every column of the truth has an influence on what ranks models."""
    if not case.metric.ranks_models:
        return
    truth = case.example.truth
    answers = [given for given in (case.fair, case.good) if given is not None]
    n_columns = truth.reshape(len(truth), -1).shape[1]
    for column in range(n_columns):
        changed = any(
            not np.isclose(
                case.value(case.shuffled(column, seed), given), case.value(truth, given), rtol=1e-12
            )
            for given in answers
            for seed in range(5)
        )
        where = f" in column {column} of {n_columns}" if n_columns > 1 else ""
        require(changed, f"{case.name}: the labels{where} do not change the value.")


def _check_weights(case: MetricCase) -> None:
    truth, fair, n_rows = case.example.truth, case.fair, len(case.fair)
    whole = case.value(truth, fair)
    sentence = f"{case.name}: weights of one change the value"
    require_close(case.value(truth, fair, np.ones(n_rows)), whole, sentence)
    times = np.random.default_rng(1).integers(1, 4, n_rows)
    rows = np.repeat(np.arange(n_rows), times)
    repeated = case.value(truth[rows], fair[rows])
    weighted = case.value(truth, fair, times.astype(np.float64))
    require_close(weighted, repeated, f"{case.name}: a weight of n is not n equal rows")
    scaled = case.value(truth, fair, times * 3.0)
    require_close(scaled, weighted, f"{case.name}: a factor of all weights changes the value")
    kept = np.arange(n_rows) % 5 > 0
    without = case.value(truth[kept], fair[kept])
    sentence = f"{case.name}: rows of weight 0 change the value"
    require_close(case.value(truth, fair, kept.astype(np.float64)), without, sentence)


def _check_undefined(case: MetricCase) -> None:
    truth = case.example.truth
    nothing = case.score(np.full_like(truth, np.nan), case.fair)
    require(nothing.value is None, f"{case.name}: {nothing.value} without a single label.")
    for row in range(0, len(truth), 7):
        case.score(truth[row : row + 1], case.fair[row : row + 1])
