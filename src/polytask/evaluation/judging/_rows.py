"""From what was measured to the rows of the comparison's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.evaluation.judging._comparison_records import LearnerRow, RunRow, TrialRow
from polytask.evaluation.judging._curves import curve
from polytask.evaluation.judging._differences import against
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._estimates import Estimate, estimate
from polytask.evaluation.running._records import MetricRecord
from polytask.evaluation.running._tuning import Measured, Tuned, headlines, mean_gain
from polytask.metrics import metrics_for
from polytask.tasks import TaskSet

__all__ = ["learner_row"]


def learner_row(entry: Entry, yardstick: Entry, tasks: TaskSet) -> LearnerRow:
    """One learner over all runs."""
    runs = tuple(_run_row(run, yardstick, tasks) for run in entry.runs)
    gains = [run.validation_gain for run in runs if run.validation_gain is not None]
    return LearnerRow(
        name=entry.name,
        joint=entry.candidate.joint,
        baseline=entry.candidate.baseline,
        recipe=entry.runs[0].runs[0].spec.learner,
        n_parameters=round(_mean([run.n_parameters for run in runs])),
        seconds=_mean([run.seconds for run in runs]),
        seconds_tuning=_mean([sum(trial.seconds for trial in run.trials) for run in runs]),
        test_reads=sum(trial.test_reads for run in entry.runs for trial in run.trials),
        validation_gain=_mean(gains) if gains else None,
        delta_m=None if entry is yardstick else against(entry, yardstick, tasks),
        tasks={task.name: _estimates(entry, tasks, task.name) for task in tasks},
        runs=runs,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _estimates(entry: Entry, tasks: TaskSet, task: str) -> dict[str, Estimate]:
    return {
        metric.name: estimate(
            entry.records(task, metric.name), entry.replicates[task, metric.name], metric
        )
        for metric in metrics_for(tasks[task])
    }


def _run_row(run: Tuned, yardstick: Entry, tasks: TaskSet) -> RunRow:
    first = next(trial for trial in run.trials if not trial.failure)
    kept = run.kept
    trials = tuple(
        TrialRow(
            settings=trial.settings,
            gain=None
            if trial.failure
            else mean_gain(trial.validation, first.validation, tasks.primary),
            seconds=trial.seconds,
            tasks=kept.get(place, ()),
            failure=trial.failure,
        )
        for place, trial in enumerate(run.trials)
    )
    curves = [curve(run.trials[place].history, place, mine) for place, mine in kept.items()]
    spec = run.runs[0].spec
    return RunRow(
        fold=spec.split["fold"],
        seed=spec.seed,
        seconds=run.mean("seconds"),
        n_parameters=round(run.mean("n_parameters")),
        validation_gain=mean_gain(run.validation, _reference(run, yardstick, tasks), tasks.primary),
        validation=_values(run.validation),
        trials=trials,
        curves=tuple(found for found in curves if found is not None),
    )


def _reference(run: Tuned, yardstick: Entry, tasks: TaskSet) -> Measured:
    """The yardstick's headline metrics on the same validation rows, averaged over its seeds."""
    fold = run.runs[0].spec.split["digest"]
    same = [other for other in yardstick.runs if other.runs[0].spec.split["digest"] == fold]
    return {
        task: {metric.name: _averaged([one.validation[task][metric.name] for one in same])}
        for task, metric in headlines(tasks).items()
    }


def _averaged(records: Sequence[MetricRecord]) -> MetricRecord:
    values = [record.value for record in records if record.value is not None]
    return MetricRecord(_mean(values)) if values else records[0]


def _values(measured: Measured) -> Mapping[str, Mapping[str, Any]]:
    return {
        task: {name: record.value for name, record in metrics.items()}
        for task, metrics in measured.items()
    }
