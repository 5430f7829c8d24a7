"""Check of what a metric declares of itself: bound, units, power, influence of rows."""

from __future__ import annotations

import numpy as np

from polytask.metrics import LabelledRows
from polytask.tasks import above_thresholds
from polytask.testing._examples import OWNER, KindExample
from polytask.testing._metric_case import MetricCase
from polytask.testing._require import require, require_close

__all__ = ["check_declarations"]

_FACTOR = 4.0
_STEP = 1e-4


def check_declarations(case: MetricCase) -> None:
    """Check `best`, `in_target_units`, `decides`, `power` and `influence` of a metric on one example.

    Raises
    ------
    AssertionError
        If one of them is not as declared.
    """
    _check_best(case)
    _check_units(case)
    _check_decides(case)
    parts = case.metric.labelled(
        case.example.truth, case.fair, case.example.fitted, _weights(len(case.fair))
    )
    for rows in parts.values():
        if isinstance(rows, LabelledRows):
            _check_power(case, rows)
            _check_influence(case, rows)


def _weights(n_rows: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(0.5, 2.0, n_rows)


def _check_best(case: MetricCase) -> None:
    best, sign = case.metric.best, 1 if case.metric.greater_is_better else -1
    if best is None:
        return
    for response in (case.fair, case.good, case.far):
        if response is not None:
            value = case.value(case.example.truth, response)
            sentence = f"{case.name}: {value:.6g} surpasses {best:g}, its `best`."
            require(sign * (value - best) <= 1e-9 * max(1.0, abs(best)), sentence)


def _check_units(case: MetricCase) -> None:
    """Check the value where the target is measured in other units."""
    kind, fitted = case.example.kind, case.example.fitted
    texts = any(column.dtype == object for column in case.example.columns.values())
    if texts or not kind.units(fitted):
        return
    columns = {name: column * _FACTOR for name, column in case.example.columns.items()}
    other = KindExample(kind, columns, kind.fit(OWNER, columns))
    scores = kind.raw(case.fair, fitted)
    value = case.value(case.example.truth, kind.response(scores, fitted))
    response = kind.response(scores, other.fitted)
    scaled = case.metric.score(other.truth, response, other.fitted).value
    sentence = f"{case.name}: undefined where the target is measured in other units."
    require(scaled is not None, sentence)
    is_so = np.isclose(scaled or 0.0, _FACTOR * value, rtol=1e-4)
    declared = case.metric.in_target_units
    sentence = (
        f"{case.name}: `in_target_units` is {declared}, but a target times {_FACTOR:g} changes the "
        f"value from {value:.6g} to {scaled:.6g}."
    )
    require(bool(is_so) == declared, sentence)


def _check_decides(case: MetricCase) -> None:
    """Check that a metric of decisions is the same for decisions instead of probabilities."""
    kind, fitted = case.example.kind, case.example.fitted
    if not case.metric.decides or not kind.takes_threshold:
        return
    certain = above_thresholds(case.fair, fitted).astype(np.float64)
    fair, sure = (case.value(case.example.truth, answers) for answers in (case.fair, certain))
    sentence = f"{case.name}: declares `decides`, but depends on more than decisions"
    require_close(fair, sure, sentence)


def _check_power(case: MetricCase, rows: LabelledRows) -> None:
    """Check that a root mean square declares the power 2, and a mean the power 1."""
    half = np.arange(len(rows.truth)) < len(rows.truth) // 2
    means = {power: _distance(case, rows, half, power) for power in (1, 2)}
    declared = case.metric.power
    other = 3 - declared
    if declared not in means or means[declared] is None or means[other] is None:
        return
    sentence = (
        f"{case.name}: `power` is {declared}, but the metric to the power of {other} is the mean "
        "over rows."
    )
    exact = means[other] < 1e-9 < means[declared]  # type: ignore[operator]
    require(not exact, sentence)


def _distance(case: MetricCase, rows: LabelledRows, half: np.ndarray, power: int) -> float | None:
    """How far the metric to a power is from the weighted mean of those of two halves."""
    parts = (np.ones(len(half), dtype=bool), half, ~half)
    values = [_measured(case, rows, rows.weight, kept) for kept in parts]
    if any(value is None for value in values):
        return None
    whole, first, second = (float(value or 0.0) ** power for value in values)
    share = rows.weight[half].sum() / rows.weight.sum()
    return abs(share * first + (1 - share) * second - whole) / max(abs(whole), 1e-300)


def _check_influence(case: MetricCase, rows: LabelledRows) -> None:
    """Compare with finite differences in the weight of every row."""
    if _measured(case, rows, rows.weight) is None:
        return
    influence = case.metric.influence(rows.truth, rows.response, rows.weight, rows.fitted)
    if influence is None:
        return
    n_rows = len(rows.truth)
    sentence = f"{case.name}: `influence` has shape {influence.shape} for {n_rows} rows."
    require(influence.shape == (n_rows,), sentence)
    slopes = np.empty(n_rows)
    for row in range(n_rows):
        ahead, behind = rows.weight.copy(), rows.weight.copy()
        ahead[row] *= 1 + _STEP
        behind[row] *= 1 - _STEP
        values = [_measured(case, rows, weight) or 0.0 for weight in (ahead, behind)]
        slopes[row] = (values[0] - values[1]) / (2 * _STEP)
    size = max(float(np.abs(slopes).max()), 1e-12)
    sentence = f"{case.name}: `influence` disagrees with finite differences in the weights"
    require_close(influence, slopes, sentence, relative=1e-3, absolute=1e-4 * size)


def _measured(
    case: MetricCase, rows: LabelledRows, weight: np.ndarray, kept: np.ndarray | None = None
) -> float | None:
    chosen = np.ones(len(weight), dtype=bool) if kept is None else kept
    with np.errstate(all="ignore"):
        measured = case.metric.measure(
            rows.truth[chosen], rows.response[chosen], weight[chosen], rows.fitted
        )
    return measured.value
