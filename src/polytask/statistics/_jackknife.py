"""Values of a metric over runs and splits, and what each unit adds to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers

__all__ = ["RunValues", "influence", "jackknife", "value_of"]

_MOST_PARTS = 50


@dataclass(frozen=True)
class RunValues:
    """A metric run by run, split by split."""

    mean: float | None
    per_run: tuple[float | None, ...]
    by_split: tuple[tuple[float, ...], ...]
    undefined: str | None
    left_out: tuple[str, ...]


def value_of(metric: Metric, answers: Sequence[Answers]) -> RunValues:
    """Score every run of every split."""
    scored = [
        [metric.score(one.truth, response, one.target, one.weight) for response in one.responses]
        for one in answers
    ]
    flat = [result for of_split in scored for result in of_split]
    by_split = tuple(tuple(r.value for r in runs if r.value is not None) for runs in scored)
    means = [float(np.mean(runs)) for runs in by_split if runs]
    reason = next((result.undefined for result in flat if result.value is None), None)
    missing = sum(result.value is None for result in flat)
    if reason is not None and means:
        reason = f"undefined in {missing} of {len(flat)} runs ({reason})"
    return RunValues(
        mean=float(np.mean(means)) if means else None,
        per_run=tuple(result.value for result in flat),
        by_split=by_split,
        undefined=reason,
        left_out=tuple(dict.fromkeys(name for result in flat for name in result.left_out)),
    )


def jackknife(metric: Metric, answers: Sequence[Answers]) -> dict[int, float]:
    """What each unit adds to the mean over runs and splits; the squares' sum is the variance."""
    total: dict[int, float] = {}
    for one in answers:
        for response in one.responses:
            share = 1 / (len(answers) * len(one.responses))
            for unit, value in influence(metric, one, response).items():
                total[unit] = total.get(unit, 0.0) + share * value
    return total


def influence(metric: Metric, answers: Answers, response: np.ndarray) -> Mapping[int, float]:
    """Leave out one unit, or one of 50 random parts of them, at a time."""
    units, position = np.unique(answers.units, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(units))
    part = (order % min(len(units), _MOST_PARTS))[position]
    n_parts = int(part.max(initial=-1)) + 1
    values = np.full(n_parts, np.nan)
    for out in range(n_parts):
        weight = np.where(part == out, 0.0, answers.weight)
        value = metric.score(answers.truth, response, answers.target, weight).value
        values[out] = np.nan if value is None else value
    kept = np.isfinite(values)
    if kept.sum() < 2:
        return {}
    values -= values[kept].mean()
    scale = np.sqrt((n_parts - 1) / n_parts)
    return {out: float(-scale * values[out]) for out in range(n_parts) if kept[out]}
