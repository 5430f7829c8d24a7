"""Sentences on the differences between a joint learner and its baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from polytask.evaluation.judging._answer import HELPED, HURT, NOTHING, TOO_FEW
from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.judging._population import Population
from polytask.evaluation.wording._average import aside, average, where_interval_holds_zero
from polytask.evaluation.wording._words import count, percent, share, with_interval
from polytask.metrics import metrics_for
from polytask.tasks import TaskSet

__all__ = ["about_population", "worded"]

_ANSWERS = {
    HELPED: "joint training helped",
    HURT: "joint training hurt",
    NOTHING: "no difference shown",
}


def worded(found: LearnerDifference, tasks: TaskSet) -> LearnerDifference:
    """Return the difference with its sentences."""
    answers = {
        task: replace(one, sentence=_task_sentence(task, metrics_for(tasks[task])[0].label, one))
        for task, one in found.tasks.items()
    }
    return replace(found, tasks=answers, sentence=_sentence(found))


def _task_sentence(task: str, label: str, found: TaskDifference) -> str:
    if found.difference is None:
        return f"{task}: {label} is undefined ({found.undefined})"
    number = with_interval(found.difference, found.interval, sign=True)
    role = "" if found.counted else " (auxiliary, not counted)"
    if found.answer == TOO_FEW:
        return f"{task}: {found.too_few}, so no verdict: {label} {number}{role}"
    if found.answer == NOTHING and found.p_corrected is not None and _excludes_zero(found):
        role += f" (p = {found.p_corrected:.2g} once corrected over the tasks)"
    if found.answer in {HELPED, HURT}:
        role += where_interval_holds_zero(found.p_corrected, found.interval)
    return f"{task}: {_ANSWERS[found.answer]}: {label} {number}{role}"


def _excludes_zero(found: TaskDifference) -> bool:
    """Whether the interval alone, which is not corrected, would show a difference."""
    return found.interval is not None and not found.interval[0] <= 0 <= found.interval[1]


def _sentence(found: LearnerDifference) -> str:
    """Sentence on all tasks together."""
    pair = f"{found.learner} against {found.baseline}"
    if found.population is not None:
        return f"{pair}: {about_population(found.population)}."
    shown = _shown(found.counts)
    if found.delta_m.value is None:
        return f"{pair}: {shown}; Δm is undefined."
    tasks = count(len(found.delta_m.tasks), "task")
    return f"{pair}: {shown}; {average(found.delta_m)} over {tasks}{aside(found.delta_m)}."


def about_population(many: Population) -> str:
    """Clause on the effect of joint training on tasks like these."""
    size = count(len(many.tasks), "task")
    words = [f"mean gain {percent(many.mean, many.interval)} over a population of {size}"]
    if many.share_gaining is not None:
        words.append(f"about {share(many.share_gaining)} of them gain")
    if many.prediction is not None:
        low, high = (percent(end) for end in many.prediction)
        words.append(f"one more such task would lie between {low} and {high}")
    return "; ".join(words)


def _shown(counts: Mapping[str, int]) -> str:
    tasks = count(sum(counts.values()), "task")
    if counts[TOO_FEW] == sum(counts.values()):
        return f"too few test units for a verdict on any of {tasks}"
    if not counts[HELPED] and not counts[HURT]:
        return f"no difference shown on any of {tasks} by itself"
    return f"joint training helped on {counts[HELPED]} and hurt on {counts[HURT]} of {tasks}"
