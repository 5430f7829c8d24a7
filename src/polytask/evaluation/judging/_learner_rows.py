"""Rows of the comparison's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask.evaluation.judging._checks import calibrations, classes_of
from polytask.evaluation.judging._comparison_records import LearnerRow, RunRow, TrialRow
from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._curves import curve
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._estimates import Estimate, estimate
from polytask.evaluation.judging._gain_over import gain_over
from polytask.evaluation.judging._validation_gain import validation_gain
from polytask.evaluation.running._tuning import Measured, Tuned, trial_gain
from polytask.metrics import metrics_for
from polytask.statistics import single
from polytask.tasks import TaskSet

__all__ = ["learner_row"]

_NO_ROWS = "no test rows"


def learner_row(entry: Entry, yardstick: Entry, context: Context) -> LearnerRow:
    """One learner over all runs."""
    tasks, constant = context.tasks, context.constant
    runs = tuple(_run_row(run, yardstick, context) for run in entry.runs)
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
        delta_m=None if entry is yardstick else gain_over(entry, yardstick, context),
        over_constant=None
        if constant is None or entry is constant
        else gain_over(entry, constant, context),
        tasks={task.name: _estimates(entry, tasks, task.name) for task in tasks},
        runs=runs,
        calibration=calibrations(entry.answers),
        classes=classes_of(entry.answers),
        flops=_mean([run.mean("flops") for run in entry.runs]),
        seconds_of_pass=_mean([run.mean("seconds_of_pass") for run in entry.runs]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _estimates(entry: Entry, tasks: TaskSet, task: str) -> dict[str, Estimate]:
    answers = entry.answers[task]
    return {
        metric.name: estimate(single(metric, answers))
        if answers
        else Estimate(None, undefined=_NO_ROWS)
        for metric in metrics_for(tasks[task])
    }


def _run_row(run: Tuned, yardstick: Entry, context: Context) -> RunRow:
    first = next(trial for trial in run.trials if not trial.failure) if run.compared else None
    kept = run.kept
    trials = tuple(
        TrialRow(
            settings=trial.settings,
            gain=None
            if first is None or trial.failure
            else trial_gain(trial, first, context.tasks.primary),
            seconds=trial.seconds,
            tasks=kept.get(index, ()),
            failure=trial.failure,
        )
        for index, trial in enumerate(run.trials)
    )
    curves = [
        curve(run.trials[index].history, index, trial_tasks) for index, trial_tasks in kept.items()
    ]
    spec = run.runs[0].spec
    return RunRow(
        fold=spec.split["fold"],
        seed=spec.seed,
        seconds=run.mean("seconds"),
        n_parameters=round(run.mean("n_parameters")),
        validation_gain=validation_gain(run, yardstick, context),
        validation=_values(run.validation),
        trials=trials,
        curves=tuple(points for points in curves if points is not None),
        thresholds={
            task: given
            for task, trial in run.chosen.items()
            if (given := run.trials[trial].thresholds.get(task, ()))
        },
        found=_found(run, kept),
    )


def _values(measured: Measured) -> Mapping[str, Mapping[str, Any]]:
    return {
        task: {name: record.value for name, record in metrics.items()}
        for task, metrics in measured.items()
    }


def _found(run: Tuned, kept: Mapping[int, Sequence[str]]) -> Mapping[str, Any]:
    """The structure that was found by the trial that is kept for most tasks."""
    if not kept:
        return {}
    most = max(kept, key=lambda trial: len(kept[trial]))
    found: Mapping[str, Any] = run.trials[most].history.get("found", {})
    return found
