"""Relative gains of tasks, run by run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from polytask.metrics import Metric, relative_gain
from polytask.statistics._added import Added, value_of
from polytask.statistics._answers import Answers
from polytask.statistics._runs import added_by_difference, over_runs, pair_runs, sum_of
from polytask.statistics._spread import Spread

__all__ = ["Gains", "TaskGain", "task_gain"]

_LARGEST_RATIO = 1e100  # its square must not overflow

Values = tuple[tuple[tuple[float, float] | None, ...], ...]
"""Split by split, run by run: our value and the baseline's, where both are defined."""


@dataclass(frozen=True, eq=False)
class TaskGain:
    """How much better one task is.

    Attributes
    ----------
    metric : Metric
    ours, theirs : float
        Means over runs and splits.
    values : see `Values`
    added : Added
        What units add to the relative difference, positive where ours is better.
    """

    metric: Metric
    ours: float
    theirs: float
    values: Values
    added: Added

    @property
    def gain(self) -> float:
        """The relative gain."""
        return relative_gain(self.ours, self.theirs, self.metric)

    @property
    def ratio(self) -> float:
        """How much faster the gain changes than the relative difference."""
        return self.ours / self.theirs

    def relative_interval(self, interval: tuple[float, float]) -> tuple[float, float]:
        """The gain's interval from that of the difference; nothing is below a metric of 0."""
        low, high = (max(end / self.theirs, -1.0) for end in interval)
        return (low, high) if self.metric.greater_is_better else (-high, -low)

    def gain_of_run(self, ours: float, theirs: float) -> float:
        r"""What one run says of the gain, to first order.

        With :math:`\bar A, \bar B` the means over runs and splits it is
        :math:`\pm (A - B \bar A / \bar B) / \bar B` above the gain. The mean over runs is the gain
        itself, and no run's baseline is a denominator: in a fold of few rows its score can be 0.
        """
        change = (ours - theirs * self.ratio) / self.theirs
        return self.gain + (change if self.metric.greater_is_better else -change)

    def difference_of_run(self, ours: float, theirs: float) -> float:
        """The difference of one run, relative to the middle of both."""
        if not ours and not theirs:
            return 0.0
        change = (ours - theirs) / _middle(ours, theirs, self.metric)
        return change if self.metric.greater_is_better else -change


def task_gain(metric: Metric, ours: Sequence[Answers], theirs: Sequence[Answers]) -> TaskGain | str:
    """The gain of one task, or why there is none."""
    pairs = pair_runs(ours, theirs)
    mine = over_runs([[value_of(metric, pair.ours, a) for a, _ in pair.runs] for pair in pairs])
    base = over_runs([[value_of(metric, pair.theirs, b) for _, b in pair.runs] for pair in pairs])
    if not metric.positive_scale:
        return f"{metric.label} can cross zero, so that its relative change means nothing"
    if mine.mean is None:
        return f"{metric.label}: {mine.undefined}"
    if base.mean is None:
        return f"{metric.label} of the baseline: {base.undefined}"
    if base.mean == 0:
        return f"{metric.label} of the baseline is 0, which has no relative change"
    if mine.mean / base.mean > _LARGEST_RATIO:
        return f"{metric.label} of the baseline is next to 0, so that its relative change is huge"
    sign = 1.0 if metric.greater_is_better else -1.0
    scale = sign / _middle(mine.mean, base.mean, metric)
    flat = iter(zip(mine.per_run, base.per_run, strict=True))
    values = tuple(tuple(_both(next(flat)) for _ in pair.runs) for pair in pairs)
    if all(one is None for runs in values for one in runs):
        return f"{metric.label}: never defined for both in the same run"
    added = sum_of([(scale, added_by_difference(metric, pairs))])
    return TaskGain(metric, mine.mean, base.mean, values, added)


def _both(pair: tuple[float | None, float | None]) -> tuple[float, float] | None:
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def _middle(ours: float, theirs: float, metric: Metric) -> float:
    """The metric of both models' rows together, but for second order."""
    return float(((ours**metric.power + theirs**metric.power) / 2) ** (1 / metric.power))


@dataclass(frozen=True)
class Gains:
    """The gains of several tasks."""

    tasks: tuple[TaskGain, ...]

    @property
    def value(self) -> float:
        """The arithmetic mean."""
        return float(np.mean([one.gain for one in self.tasks]))

    @property
    def arithmetic(self) -> tuple[tuple[float, ...], ...]:
        """Mean gains, run by run, split by split."""
        return self._by_run(TaskGain.gain_of_run)

    @property
    def relative(self) -> tuple[tuple[float, ...], ...]:
        """Mean relative differences, run by run, split by split."""
        return self._by_run(TaskGain.difference_of_run)

    def _by_run(
        self, change: Callable[[TaskGain, float, float], float]
    ) -> tuple[tuple[float, ...], ...]:
        """Runs in which some task is undefined are left out."""
        n_splits = min(len(one.values) for one in self.tasks)
        found = [
            tuple(
                float(np.mean([change(one, *pair) for one, pair in runs]))
                for runs in self._runs(split)
            )
            for split in range(n_splits)
        ]
        return tuple(runs for runs in found if runs)

    def _runs(self, split: int) -> list[list[tuple[TaskGain, tuple[float, float]]]]:
        by_task = [one.values[split] for one in self.tasks]
        found = []
        for run in range(min(map(len, by_task))):
            pairs = [(one, values[run]) for one, values in zip(self.tasks, by_task, strict=True)]
            kept = [(one, pair) for one, pair in pairs if pair is not None]
            if len(kept) == len(pairs):
                found.append(kept)
        return found

    def from_differences(
        self, intervals: Sequence[tuple[float, float] | None]
    ) -> tuple[float, float] | None:
        """The mean interval from those of the tasks' differences, as if all missed together."""
        relative = [
            one.relative_interval(interval)
            for one, interval in zip(self.tasks, intervals, strict=True)
            if interval is not None
        ]
        if len(relative) < len(self.tasks):
            return None
        low, high = np.mean(relative, axis=0)
        return min(float(low), self.value), max(float(high), self.value)

    def geometric(
        self, spread: Spread, level: float
    ) -> tuple[float | None, tuple[float, float] | None]:
        """The gain that the geometric mean of the ratios is, with its interval.

        Where all metrics are errors it is 1 less the mean ratio of errors; otherwise errors are
        turned upside down, and it is the mean ratio less 1.
        """
        if any(min(one.ours, one.theirs) <= 0 for one in self.tasks):
            return None, None
        logs = [np.log(one.ours / one.theirs) for one in self.tasks]
        signs = [1.0 if one.metric.greater_is_better else -1.0 for one in self.tasks]
        mean = float(np.mean(np.multiply(signs, logs)))
        errors = all(sign < 0 for sign in signs)

        def gain(log: float) -> float:
            return float(-np.expm1(-log) if errors else np.expm1(log))

        if not spread.known:
            return gain(mean), None
        half = float(spread.half_width(level))
        return gain(mean), (gain(mean - half), gain(mean + half))
