"""Choice of a trial on validation rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.evaluation.running._records import MetricRecord, RunRecord
from polytask.evaluation.running._run import Run
from polytask.exceptions import NonFiniteLossError
from polytask.metrics import Metric, MetricValue, delta_m, metrics_for
from polytask.tasks import TaskSet

__all__ = [
    "Measured",
    "Tuned",
    "choose",
    "headline",
    "headlines",
    "mean_gain",
    "metric_gain",
    "trial_gain",
]

Measured = Mapping[str, Mapping[str, MetricRecord]]
"""Task → metric → value."""


def headline(tasks: TaskSet, task: str) -> Metric:
    """The metric with which a task enters Δm, choices and verdicts."""
    return metrics_for(tasks[task])[0]


def headlines(tasks: TaskSet) -> dict[str, Metric]:
    """The headline metric of every task."""
    return {name: headline(tasks, name) for name in tasks.names}


def mean_gain(values: Measured, reference: Measured, tasks: TaskSet) -> float | None:
    """Mean relative gain of the headline metrics over a reference, over `tasks`."""
    metrics = headlines(tasks)
    return delta_m(_values(values, metrics), _values(reference, metrics), metrics).value


def _values(measured: Measured, metrics: Mapping[str, Metric]) -> dict[str, MetricValue]:
    return {
        task: MetricValue(measured[task][metric.name].value, measured[task][metric.name].undefined)
        for task, metric in metrics.items()
        if task in measured
    }


def trial_gain(trial: RunRecord, first: RunRecord, tasks: TaskSet) -> float | None:
    """Mean gain of the headline metrics on validation rows, each relative to the mean of both.

    Errors on few rows are next to nothing now and then. Divided by the first trial's alone, those
    of the other trials would look far too large, and the first would always be kept.
    """
    metrics = headlines(tasks)
    values, firsts = (
        {task: record.validation[task][metric.name].value for task, metric in metrics.items()}
        for record in (trial, first)
    )
    return metric_gain(values, firsts, metrics)


def metric_gain(
    values: Mapping[str, float | None],
    firsts: Mapping[str, float | None],
    metrics: Mapping[str, Metric],
) -> float | None:
    """Mean gain of tasks' metrics over others, each relative to the mean of both."""
    changes = []
    for task, metric in metrics.items():
        value, first = values[task], firsts[task]
        if value is not None and first is not None:
            change = 2 * (value - first) / (abs(value) + abs(first)) if value or first else 0.0
            changes.append(change if metric.greater_is_better else -change)
    return sum(changes) / len(changes) if changes else None


def choose(
    trials: Sequence[RunRecord], tasks: TaskSet, *, alone: Collection[str] = ()
) -> dict[str, int]:
    """Choose the trial that is kept per task, on validation rows alone.

    One trial is kept for all tasks: that of the highest `trial_gain` over the first trial that
    gave a model, over primary tasks. Tasks that choose `alone` keep the trial that is best
    for them. Ties go to the earlier trial.

    Raises
    ------
    NonFiniteLossError
        If no trial gave a model.
    """
    alive = [index for index, trial in enumerate(trials) if not trial.failure]
    if not alive:
        raise NonFiniteLossError(trials[0].failure)
    common = _best(trials, alive, tasks.primary)
    return {
        name: _best(trials, alive, tasks.subset([name])) if name in alone else common
        for name in tasks.names
    }


def _best(trials: Sequence[RunRecord], alive: Sequence[int], tasks: TaskSet) -> int:
    first = trials[alive[0]]
    gains = {index: trial_gain(trials[index], first, tasks) or 0.0 for index in alive}
    return max(alive, key=lambda index: gains[index])


@dataclass(frozen=True, eq=False)
class Tuned:
    """One candidate in one repetition: its trials, and the trial chosen per task.

    Parameters
    ----------
    runs : tuple of Run
    trials : tuple of RunRecord
        Of the same runs.
    chosen : mapping of task to position
        Which trial is kept for each task.
    compared : bool
        Whether these trials were compared on validation rows; False where the choice is that of
        other runs, such as those with the first seed.
    """

    runs: tuple[Run, ...]
    trials: tuple[RunRecord, ...]
    chosen: Mapping[str, int]
    compared: bool = True

    @property
    def kept(self) -> dict[int, tuple[str, ...]]:
        """The trials that are kept, each with its tasks."""
        return {
            index: tuple(task for task, kept in self.chosen.items() if kept == index)
            for index in sorted(set(self.chosen.values()))
        }

    def settings(self) -> dict[str, Any]:
        """The settings that are kept."""
        if len(self.kept) == 1:
            return dict(self.trials[next(iter(self.kept))].settings)
        return {
            "per task": {task: dict(self.trials[i].settings) for task, i in self.chosen.items()}
        }

    @property
    def recipe(self) -> Mapping[str, Any] | None:
        """The learner with the settings that are kept; None where tasks keep different ones."""
        return self.runs[next(iter(self.kept))].spec.learner if len(self.kept) == 1 else None

    @property
    def validation(self) -> Measured:
        """Validation metrics of every task in its trial."""
        return {task: self.trials[i].validation[task] for task, i in self.chosen.items()}

    @property
    def test(self) -> Measured:
        """Test metrics of every task in its trial; empty before the test rows were read."""
        return {
            task: self.trials[i].test[task]
            for task, i in self.chosen.items()
            if task in self.trials[i].test
        }

    @property
    def files(self) -> dict[str, str]:
        """Digests of the test predictions, by their path in the study's folder."""
        trials = [self.trials[index] for index in self.kept]
        ending = "test.safetensors"
        return {f"runs/{t.spec.key}.{ending}": t.files[ending] for t in trials if ending in t.files}

    def mean(self, field: str) -> float:
        """Mean over tasks of a numeric field of the trial kept per task.

        Of trials of some tasks only it is the sum, which is that of all tasks with their settings.
        """
        return sum(self._of_all(i, field) for i in self.chosen.values()) / len(self.chosen)

    def _of_all(self, trial: int, field: str) -> float:
        """A field of a trial; of one of some tasks, what it would be of all if they were alike."""
        record = self.trials[trial]
        value: float = getattr(record, field)
        fitted = record.spec.tasks
        return value * len(self.chosen) / len(fitted) if fitted else value
