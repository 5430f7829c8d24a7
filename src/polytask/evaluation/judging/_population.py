"""Many small tasks: what joint training does to the population they are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._target_size import target_size
from polytask.statistics import Paired, random_effects

__all__ = ["Population", "population"]

_FEWEST_TASKS = 2
_LEAST_VARIANCE = 1e-20  # of relative gains; weights need one that is positive


@dataclass(frozen=True)
class Population:
    """The effect of joint training on tasks like these, the tasks as random units.

    Attributes
    ----------
    tasks : tuple of str
        Tasks that enter.
    left_out : tuple of str
        Tasks that do not, for want of a defined metric.
    median_units : float
        Test rows (or groups) of a task.
    mean : float
        Mean gain relative to the mean of the baseline's metric, positive where joint training
        is better.
    interval : (low, high)
        Hartung–Knapp interval of the mean.
    p : float or None
    prediction : (low, high) or None
        Where the gain of one more such task lies.
    share_gaining : float or None
        Expected share of these tasks that gain, once their noise is shrunk away.
    tested_alone : int
        Tasks with rows enough for a verdict of their own.
    """

    tasks: tuple[str, ...]
    left_out: tuple[str, ...]
    median_units: float
    mean: float
    interval: tuple[float, float]
    p: float | None
    prediction: tuple[float, float] | None
    share_gaining: float | None
    tested_alone: int


def population(
    differences: Mapping[str, Paired], baseline: Entry, context: Context
) -> Population | None:
    """Judge tasks as a sample of tasks.

    Parameters
    ----------
    differences : mapping of task to Paired
        One learner against another, for every primary task.
    baseline : Entry
        The other one.
    context : Context

    Returns
    -------
    Population or None
        None where tasks are not many and small, or hardly any metric is defined.

    Notes
    -----
    Differences are divided by the target's scale in training rows, so that tasks in different
    units count alike, and then by the baseline's mean metric, which makes them relative: one
    denominator for all, since a task's own error on a handful of rows can be next to nothing.
    The noise of single differences is pooled over tasks: with few rows each, a task's own
    estimate of it would weigh tasks by chance.
    """
    if not context.many_small:
        return None
    names = context.tasks.primary.names
    units = {task: differences[task].n_units for task in names}
    effects = {task: _effect(differences[task], task, baseline, context) for task in names}
    kept = [task for task, effect in effects.items() if effect is not None]
    if len(kept) < _FEWEST_TASKS:
        return None
    level = float(np.mean([effects[task][1] for task in kept]))  # type: ignore[index]
    if not level > 0:
        return None
    values = np.array([effects[task][0] for task in kept]) / level  # type: ignore[index]
    noise = _pooled({task: differences[task] for task in kept}, effects)  # type: ignore[arg-type]
    per_unit = 0.0 if noise is None else noise / level**2
    variances = per_unit / np.array([max(units[task], 1) for task in kept])
    found = random_effects(values, np.maximum(variances, _LEAST_VARIANCE))
    return Population(
        tasks=tuple(kept),
        left_out=tuple(task for task in names if task not in kept),
        median_units=float(median(units.values())),
        mean=found.mean,
        interval=found.interval,
        p=found.p,
        prediction=None if noise is None else found.prediction,
        share_gaining=None if noise is None else found.share_positive,
        tested_alone=sum(differences[task].p is not None for task in names),
    )


def _effect(
    found: Paired, task: str, baseline: Entry, context: Context
) -> tuple[float, float, float] | None:
    """Gain, the baseline's metric, and the scale that both were divided by."""
    metric = context.headline(task)
    value = baseline.mean(task, metric.name)
    if found.value is None or value is None or task in context.constant_in_training:
        return None
    size = target_size(baseline, task, metric)
    sign = 1.0 if metric.greater_is_better else -1.0
    return sign * found.value / size, value / size, size


def _pooled(
    differences: Mapping[str, Paired], effects: Mapping[str, tuple[float, float, float]]
) -> float | None:
    """Variance of one unit's contribution, from all tasks with two or more units."""
    squares, degrees = 0.0, 0
    for task, one in differences.items():
        if one.standard_error is None or one.n_units < 2:
            continue
        variance = one.n_units * (one.standard_error / effects[task][2]) ** 2
        squares += (one.n_units - 1) * variance
        degrees += one.n_units - 1
    return squares / degrees if degrees else None
