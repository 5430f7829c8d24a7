"""A joint learner against its single-task self: paired, corrected, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._estimates import (
    DeltaMEstimate,
    Estimate,
    delta_m_estimate,
    difference,
)
from polytask.evaluation.running._tuning import headline
from polytask.evaluation.wording._words import count, percent, with_interval
from polytask.metrics import Metric
from polytask.statistics import holm
from polytask.tasks import Task, TaskSet

__all__ = [
    "ALPHA",
    "HELPED",
    "HURT",
    "MIXED",
    "NOTHING",
    "ONE_TASK",
    "UNDEFINED",
    "against",
    "held_against",
]

HELPED, HURT, MIXED = "helped", "hurt", "mixed"
NOTHING, ONE_TASK, UNDEFINED = "no difference shown", "nothing to share", "undefined"
ALPHA = 0.05


def against(ours: Entry, theirs: Entry, tasks: TaskSet) -> DeltaMEstimate:
    """Δm of one entry over another."""
    return delta_m_estimate(ours.test, theirs.test, ours.replicates, theirs.replicates, tasks)


def held_against(ours: Entry, theirs: Entry, tasks: TaskSet) -> LearnerDifference:
    """A joint learner against its single-task self, task by task and over all.

    p-values are corrected over primary tasks, and by themselves over auxiliary ones.
    """
    found = {task.name: _paired(ours, theirs, tasks, task) for task in tasks}
    p_values = {name: p for name, (_, p) in found.items()}
    corrected: dict[str, float | None] = {}
    for role in ("primary", "auxiliary"):
        corrected |= holm({task.name: p_values[task.name] for task in tasks if task.role == role})
    answers = {
        task.name: _task_difference(
            task,
            headline(tasks, task.name),
            found[task.name][0],
            _baseline_value(theirs, tasks, task),
            (p_values[task.name], corrected[task.name]),
        )
        for task in tasks
    }
    counts = Counter(one.answer for one in answers.values() if one.counted)
    delta = against(ours, theirs, tasks)
    answer = _overall(counts, delta)
    return LearnerDifference(
        learner=ours.name,
        baseline=theirs.name,
        tasks=answers,
        delta_m=delta,
        answer=answer,
        sentence=_sentence(ours.name, theirs.name, counts, delta),
        counts={name: counts[name] for name in (HELPED, HURT, NOTHING, UNDEFINED)},
    )


def _paired(
    ours: Entry, theirs: Entry, tasks: TaskSet, task: Task
) -> tuple[Estimate, float | None]:
    key = (task.name, headline(tasks, task.name).name)
    return difference(
        ours.records(*key), theirs.records(*key), ours.replicates[key], theirs.replicates[key]
    )


def _baseline_value(theirs: Entry, tasks: TaskSet, task: Task) -> float | None:
    records = theirs.records(task.name, headline(tasks, task.name).name)
    values = [record.value for record in records if record.value is not None]
    return sum(values) / len(values) if values else None


def _task_difference(
    task: Task,
    metric: Metric,
    found: Estimate,
    baseline: float | None,
    p_values: tuple[float | None, float | None],
) -> TaskDifference:
    p, corrected = p_values
    answer = _answer(found, corrected, metric)
    sign = 1 if metric.greater_is_better else -1
    gain = sign * found.value / baseline if found.value is not None and baseline else None
    return TaskDifference(
        metric=metric.name,
        difference=found.value,
        interval=found.interval,
        gain=gain,
        p=p,
        p_corrected=corrected,
        answer=answer,
        sentence=_task_sentence(task, metric, found, answer, corrected),
        undefined=found.undefined,
        counted=task.is_primary,
    )


def _answer(found: Estimate, corrected: float | None, metric: Metric) -> str:
    if found.value is None:
        return UNDEFINED
    if corrected is None or corrected > ALPHA or found.value == 0:
        return NOTHING
    return HELPED if (found.value > 0) == metric.greater_is_better else HURT


_ANSWERS = {
    HELPED: "joint training helped",
    HURT: "joint training hurt",
    NOTHING: "no difference shown",
}


def _task_sentence(
    task: Task, metric: Metric, found: Estimate, answer: str, corrected: float | None
) -> str:
    if found.value is None:
        return f"{task.name}: {metric.label} is undefined ({found.undefined})"
    number = with_interval(found.value, found.interval, sign=True)
    aside = "" if task.is_primary else " (auxiliary, not counted)"
    if answer == NOTHING and corrected is not None and _excludes_zero(found):
        aside += f" (p = {corrected:.2g} once corrected over the tasks)"
    return f"{task.name}: {_ANSWERS[answer]}: {metric.label} {number}{aside}"


def _excludes_zero(found: Estimate) -> bool:
    """Whether the interval alone, which is not corrected, would show a difference."""
    return found.interval is not None and not found.interval[0] <= 0 <= found.interval[1]


def _overall(counts: Mapping[str, int], delta: DeltaMEstimate) -> str:
    """By tasks where some show a difference; by Δm where none does alone."""
    if counts[HELPED] and counts[HURT]:
        return MIXED
    if counts[HELPED] or counts[HURT]:
        return HELPED if counts[HELPED] else HURT
    if delta.value is None:
        return UNDEFINED
    if delta.p is not None and delta.p <= ALPHA:
        return HELPED if delta.value > 0 else HURT
    return NOTHING


def _sentence(learner: str, baseline: str, counts: Mapping[str, int], delta: DeltaMEstimate) -> str:
    """Overall, in words."""
    total = sum(counts.values())
    shown = _shown(counts, total)
    if delta.value is None:
        return f"{learner} against {baseline}: {shown}; Δm is undefined."
    average = f"Δm {percent(delta.value, delta.interval)} over {count(len(delta.tasks), 'task')}"
    return f"{learner} against {baseline}: {shown}; {average}."


def _shown(counts: Mapping[str, int], total: int) -> str:
    tasks = count(total, "task")
    if not counts[HELPED] and not counts[HURT]:
        return f"no difference shown on any of {tasks} by itself"
    return f"joint training helped on {counts[HELPED]} and hurt on {counts[HURT]} of {tasks}"
