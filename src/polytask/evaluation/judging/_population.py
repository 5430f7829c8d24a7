"""Effect of joint training on the population that many small tasks are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np

from polytask.evaluation.judging._context import CONSTANT_IN_TRAINING, Context
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._target_size import target_size
from polytask.statistics import Paired, random_effects

__all__ = ["Effects", "Population", "effects", "population"]

_FEWEST_TASKS = 2
_PERFECT = "the baseline makes no errors on it and its like"
_LEAST_VARIANCE = 1e-20  # of relative gains; weights need one that is positive


@dataclass(frozen=True)
class Population:
    """Effect of joint training on the population of tasks, with tasks as random units.

    Attributes
    ----------
    tasks : tuple of str
        Tasks that enter.
    left_out : mapping of task to str
        Tasks that do not, each with its reason.
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
    left_out: Mapping[str, str]
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
    denominator for all tasks of a metric, since a task's own error on a handful of rows can be
    close to 0. The noise of single differences is pooled over these tasks: with few rows each, a
    task's own estimate of it would weight tasks by chance.
    """
    if not context.many_small:
        return None
    names = context.tasks.primary.names
    units = {task: differences[task].n_units for task in names}
    kept, levels, left_out = effects(differences, baseline, context)
    if len(kept) < _FEWEST_TASKS:
        return None
    noise = {name: _pooled(differences, kept, name) for name in levels}
    values = np.array([effect.gain / levels[effect.metric] for effect in kept.values()])
    per_unit = [
        (noise[effect.metric] or 0.0) / levels[effect.metric] ** 2 for effect in kept.values()
    ]
    variances = np.array(per_unit) / np.array([max(units[task], 1) for task in kept])
    judged = random_effects(values, np.maximum(variances, _LEAST_VARIANCE))
    known = all(noise[effect.metric] is not None for effect in kept.values())
    return Population(
        tasks=tuple(kept),
        left_out=left_out,
        median_units=float(median(units.values())),
        mean=judged.mean,
        interval=judged.interval,
        p=judged.p,
        prediction=judged.prediction if known else None,
        share_gaining=judged.share_positive if known else None,
        tested_alone=sum(differences[task].p is not None for task in kept),
    )


class _Effect(NamedTuple):
    """A task's gain and the baseline's metric, both divided by the target's size."""

    metric: str
    gain: float
    level: float
    size: float


class Effects(NamedTuple):
    """Effects of the tasks that enter the population's estimate.

    Attributes
    ----------
    kept : dict of task to _Effect
    levels : dict of metric to float
        The baseline's mean metric: one denominator for all its tasks.
    left_out : dict of task to str
        Tasks left out, each with its reason.
    """

    kept: dict[str, _Effect]
    levels: dict[str, float]
    left_out: dict[str, str]


def effects(differences: Mapping[str, Paired], baseline: Entry, context: Context) -> Effects:
    """Gain of each primary task, or the reason why it is left out; arguments as in `population`."""
    names = context.tasks.primary.names
    outcomes = {task: _effect(differences[task], task, baseline, context) for task in names}
    left_out = {task: effect for task, effect in outcomes.items() if isinstance(effect, str)}
    gains = {task: effect for task, effect in outcomes.items() if not isinstance(effect, str)}
    levels = {
        name: float(np.mean([effect.level for effect in gains.values() if effect.metric == name]))
        for name in {effect.metric for effect in gains.values()}
    }
    left_out |= {task: _PERFECT for task, effect in gains.items() if not levels[effect.metric] > 0}
    kept = {task: effect for task, effect in gains.items() if task not in left_out}
    return Effects(kept, levels, left_out)


def _effect(difference: Paired, task: str, baseline: Entry, context: Context) -> _Effect | str:
    """The effect, or the reason why it is undefined."""
    if task in context.constant_in_training:
        return CONSTANT_IN_TRAINING
    metric = context.headline(task)
    value = baseline.mean(task, metric.name)
    if difference.value is None or value is None:
        return "its metric is undefined"
    size = target_size(baseline, task, metric)
    sign = 1.0 if metric.greater_is_better else -1.0
    return _Effect(metric.name, sign * difference.value / size, value / size, size)


def _pooled(
    differences: Mapping[str, Paired], effects: Mapping[str, _Effect], metric: str
) -> float | None:
    """Variance of one unit's contribution, from the metric's tasks with two or more units."""
    squares, degrees = 0.0, 0
    for task, effect in effects.items():
        difference = differences[task]
        if effect.metric != metric or difference.standard_error is None or difference.n_units < 2:
            continue
        variance = difference.n_units * (difference.standard_error / effect.size) ** 2
        squares += (difference.n_units - 1) * variance
        degrees += difference.n_units - 1
    return squares / degrees if degrees else None
