"""Relative gains of tasks, per run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from polytask.metrics import Metric, relative_gain
from polytask.statistics._answers import Answers
from polytask.statistics._contributions import Contributions, value_of
from polytask.statistics._runs import mean_difference_contributions, over_runs, pair_runs, sum_of
from polytask.statistics._spread import Spread

__all__ = ["Gains", "TaskGain", "task_gain"]

_LARGEST_RATIO = 1e100  # its square must not overflow

Values = tuple[tuple[tuple[float, float] | None, ...], ...]
"""Per split and run: the learner's value and the baseline's, or None unless both are defined."""


@dataclass(frozen=True, eq=False)
class TaskGain:
    """The relative gain of one task.

    Attributes
    ----------
    metric : Metric
    learner, baseline : float
        Means over runs and splits.
    values : see `Values`
    contributions : Contributions
        Contributions of units to the relative difference, positive if the learner is better.
    """

    metric: Metric
    learner: float
    baseline: float
    values: Values
    contributions: Contributions

    @property
    def gain(self) -> float:
        """The relative gain."""
        return relative_gain(self.learner, self.baseline, self.metric)

    @property
    def ratio(self) -> float:
        """Rate at which the gain changes relative to the relative difference."""
        return self.learner / self.baseline

    def relative_interval(self, interval: tuple[float, float]) -> tuple[float, float]:
        """The gain's interval from that of the difference; metrics are never below 0."""
        low, high = (max(end / self.baseline, -1.0) for end in interval)
        return (low, high) if self.metric.greater_is_better else (-high, -low)

    def gain_of_run(self, learner: float, baseline: float) -> float:
        r"""The gain in one run, to first order.

        With :math:`\bar A, \bar B` the means over runs and splits it is
        :math:`\pm (A - B \bar A / \bar B) / \bar B` above the gain. The mean over runs is the gain
        itself, and no run's baseline is a denominator: in a fold of few rows its score can be 0.
        """
        change = (learner - baseline * self.ratio) / self.baseline
        return self.gain + (change if self.metric.greater_is_better else -change)

    def difference_of_run(self, learner: float, baseline: float) -> float:
        """The difference in one run, relative to the mean of both values."""
        if not learner and not baseline:
            return 0.0
        change = (learner - baseline) / _pooled_value(learner, baseline, self.metric)
        return change if self.metric.greater_is_better else -change


def task_gain(
    metric: Metric, learner: Sequence[Answers], baseline: Sequence[Answers]
) -> TaskGain | str:
    """The gain of one task, or the reason why there is none."""
    pairs = pair_runs(learner, baseline)
    value = over_runs([[value_of(metric, pair.learner, a) for a, _ in pair.runs] for pair in pairs])
    baseline_value = over_runs(
        [[value_of(metric, pair.baseline, b) for _, b in pair.runs] for pair in pairs]
    )
    if metric.no_headline is not None:
        return f"{metric.label} {metric.no_headline}, so that its relative change means nothing"
    if value.mean is None:
        return f"{metric.label}: {value.undefined}"
    if baseline_value.mean is None:
        return f"{metric.label} of the baseline: {baseline_value.undefined}"
    if baseline_value.mean == 0:
        return f"{metric.label} of the baseline is 0, which has no relative change"
    if value.mean / baseline_value.mean > _LARGEST_RATIO:
        return f"{metric.label} of the baseline is next to 0, so that its relative change is huge"
    sign = 1.0 if metric.greater_is_better else -1.0
    scale = sign / _pooled_value(value.mean, baseline_value.mean, metric)
    flat = iter(zip(value.per_run, baseline_value.per_run, strict=True))
    values = tuple(tuple(_both(next(flat)) for _ in pair.runs) for pair in pairs)
    if all(both is None for runs in values for both in runs):
        return f"{metric.label}: never defined for both in the same run"
    contributions = sum_of([(scale, mean_difference_contributions(metric, pairs))])
    return TaskGain(metric, value.mean, baseline_value.mean, values, contributions)


def _both(pair: tuple[float | None, float | None]) -> tuple[float, float] | None:
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def _pooled_value(learner: float, baseline: float, metric: Metric) -> float:
    """The metric over both models' rows, up to second order."""
    return float(((learner**metric.power + baseline**metric.power) / 2) ** (1 / metric.power))


@dataclass(frozen=True)
class Gains:
    """The gains of several tasks."""

    tasks: tuple[TaskGain, ...]

    @property
    def value(self) -> float:
        """Arithmetic mean of the gains."""
        return float(np.mean([task.gain for task in self.tasks]))

    @property
    def arithmetic(self) -> tuple[tuple[float, ...], ...]:
        """Mean gains, per split and run."""
        return self._by_run(TaskGain.gain_of_run)

    @property
    def relative(self) -> tuple[tuple[float, ...], ...]:
        """Mean relative differences, per split and run."""
        return self._by_run(TaskGain.difference_of_run)

    def _by_run(
        self, change: Callable[[TaskGain, float, float], float]
    ) -> tuple[tuple[float, ...], ...]:
        """Means over tasks per split and run; runs with an undefined task are left out."""
        n_splits = min(len(task.values) for task in self.tasks)
        means = [
            tuple(
                float(np.mean([change(task, *pair) for task, pair in run]))
                for run in self._runs(split)
            )
            for split in range(n_splits)
        ]
        return tuple(runs for runs in means if runs)

    def _runs(self, split: int) -> list[list[tuple[TaskGain, tuple[float, float]]]]:
        by_task = [task.values[split] for task in self.tasks]
        complete = []
        for run in range(min(map(len, by_task))):
            pairs = [(task, values[run]) for task, values in zip(self.tasks, by_task, strict=True)]
            defined = [(task, pair) for task, pair in pairs if pair is not None]
            if len(defined) == len(pairs):
                complete.append(defined)
        return complete

    def from_differences(
        self, intervals: Sequence[tuple[float, float] | None]
    ) -> tuple[float, float] | None:
        """Mean of the tasks' intervals, as if all tasks erred together; None if one is missing."""
        relative = [
            task.relative_interval(interval)
            for task, interval in zip(self.tasks, intervals, strict=True)
            if interval is not None
        ]
        if len(relative) < len(self.tasks):
            return None
        low, high = np.mean(relative, axis=0)
        return min(float(low), self.value), max(float(high), self.value)

    def geometric(
        self, spread: Spread, level: float
    ) -> tuple[float | None, tuple[float, float] | None]:
        """The gain from the geometric mean of the ratios, with its interval.

        If all metrics are errors, it is 1 less the mean ratio of errors; otherwise the ratios of
        errors are inverted, and it is the mean ratio less 1.
        """
        if any(min(task.learner, task.baseline) <= 0 for task in self.tasks):
            return None, None
        logs = [np.log(task.learner / task.baseline) for task in self.tasks]
        signs = [1.0 if task.metric.greater_is_better else -1.0 for task in self.tasks]
        mean = float(np.mean(np.multiply(signs, logs)))
        errors = all(sign < 0 for sign in signs)

        def gain(log: float) -> float:
            return float(-np.expm1(-log) if errors else np.expm1(log))

        if not spread.known:
            return gain(mean), None
        half = float(spread.half_width(level))
        return gain(mean), (gain(mean - half), gain(mean + half))
