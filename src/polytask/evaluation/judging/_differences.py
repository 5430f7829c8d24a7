"""Paired difference of a joint learner and its baseline, corrected over tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from polytask.evaluation.judging._answer import (
    ALPHA,
    HELPED,
    HURT,
    MIXED,
    NOTHING,
    TOO_FEW,
    UNDEFINED,
)
from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.judging._gain_over import gain_over
from polytask.evaluation.judging._pairs import pairs
from polytask.evaluation.judging._population import Population, population
from polytask.metrics import Metric
from polytask.statistics import Paired, holm

__all__ = ["held_against"]


def held_against(learner: Entry, baseline: Entry, context: Context) -> LearnerDifference:
    """Compare a joint learner with its single-task baseline or its twin, per task and over all.

    p-values are corrected over primary tasks, and by themselves over auxiliary ones. Sentences
    are left empty.
    """
    differences = pairs(learner, baseline, context)
    corrected: dict[str, float | None] = {}
    for role in ("primary", "auxiliary"):
        corrected |= holm({t.name: differences[t.name].p for t in context.tasks if t.role == role})
    answers = {
        task: _task_difference(
            context.headline(task),
            difference,
            corrected[task],
            baseline=None
            if context.why_not_counted(task, baseline)
            else baseline.mean(task, context.headline(task).name),
            counted=context.tasks[task].is_primary,
        )
        for task, difference in differences.items()
    }
    counts = Counter(difference.answer for difference in answers.values() if difference.counted)
    delta = gain_over(learner, baseline, context, differences)
    sample = population(differences, baseline, context)
    return LearnerDifference(
        learner=learner.name,
        baseline=baseline.name,
        tasks=answers,
        delta_m=delta,
        answer=_of_population(sample) if sample is not None else _overall(counts, delta),
        sentence="",
        counts={name: counts[name] for name in (HELPED, HURT, NOTHING, TOO_FEW, UNDEFINED)},
        population=sample,
    )


def _task_difference(
    metric: Metric,
    paired: Paired,
    corrected: float | None,
    *,
    baseline: float | None,
    counted: bool,
) -> TaskDifference:
    sign = 1 if metric.greater_is_better else -1
    return TaskDifference(
        metric=metric.name,
        difference=paired.value,
        interval=paired.interval,
        gain=sign * paired.value / baseline if paired.value is not None and baseline else None,
        p=paired.p,
        p_corrected=corrected,
        answer=_answer(paired, corrected, metric),
        sentence="",
        undefined=paired.undefined,
        counted=counted,
        n_units=paired.n_units,
        too_few=paired.too_few,
    )


def _answer(difference: Paired, corrected: float | None, metric: Metric) -> str:
    if difference.value is None:
        return UNDEFINED
    if difference.p is None:
        return TOO_FEW
    if corrected is None or corrected > ALPHA or difference.value == 0:
        return NOTHING
    return HELPED if (difference.value > 0) == metric.greater_is_better else HURT


def _overall(counts: Mapping[str, int], delta: DeltaMEstimate) -> str:
    """Decide by tasks if any shows a difference, else by Δm."""
    if counts[HELPED] and counts[HURT]:
        return MIXED
    if counts[HELPED] or counts[HURT]:
        return HELPED if counts[HELPED] else HURT
    if delta.value is None or delta.p is None:
        return next((answer for answer in (NOTHING, TOO_FEW) if counts[answer]), UNDEFINED)
    if delta.p <= ALPHA:
        return HELPED if delta.value > 0 else HURT
    return NOTHING


def _of_population(sample: Population) -> str:
    if sample.p is None or sample.p > ALPHA:
        return NOTHING
    return HELPED if sample.mean > 0 else HURT
