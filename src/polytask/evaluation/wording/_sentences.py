"""Sentences on the differences between a joint learner and its baseline."""

from __future__ import annotations

from dataclasses import replace

from polytask._listing import count, first_names
from polytask.evaluation.judging._answer import HELPED, HURT, NOTHING, TOO_FEW
from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.judging._population import Population
from polytask.evaluation.wording._average import aside, average, where_interval_holds_zero
from polytask.evaluation.wording._words import chance, percent, share, with_interval
from polytask.metrics import metrics_for
from polytask.tasks import TaskSet

__all__ = ["about_population", "outcome", "worded"]

_MOST_NAMES = 3
_ANSWERS = {
    HELPED: "joint training helped",
    HURT: "joint training hurt",
    NOTHING: "no difference shown",
}


def worded(difference: LearnerDifference, tasks: TaskSet) -> LearnerDifference:
    """Return the difference with its sentences."""
    answers = {
        task: replace(
            task_difference,
            sentence=_task_sentence(task, metrics_for(tasks[task])[0].label, task_difference),
        )
        for task, task_difference in difference.tasks.items()
    }
    return replace(difference, tasks=answers, sentence=_sentence(difference))


def _task_sentence(task: str, label: str, difference: TaskDifference) -> str:
    if difference.difference is None:
        return f"{task}: {label} is undefined ({difference.undefined})"
    number = with_interval(difference.difference, difference.interval, sign=True)
    role = "" if difference.counted else " (auxiliary, not counted)"
    if difference.answer == TOO_FEW:
        return f"{task}: {difference.too_few}, so no verdict: {label} {number}{role}"
    if (
        difference.answer == NOTHING
        and difference.p_corrected is not None
        and _excludes_zero(difference)
    ):
        role += f" ({chance(difference.p_corrected)} once corrected over the tasks)"
    if difference.answer in {HELPED, HURT}:
        role += where_interval_holds_zero(difference.p_corrected, difference.interval)
    return f"{task}: {_ANSWERS[difference.answer]}: {label} {number}{role}"


def _excludes_zero(difference: TaskDifference) -> bool:
    """Whether the interval alone, which is not corrected, would show a difference."""
    return (
        difference.interval is not None
        and not difference.interval[0] <= 0 <= difference.interval[1]
    )


def _sentence(difference: LearnerDifference) -> str:
    """Sentence on all tasks together."""
    return f"{difference.learner} against {difference.baseline}: {outcome(difference)}."


def outcome(difference: LearnerDifference) -> str:
    """Clause on how many tasks joint training helped and hurt, and on Δm."""
    if difference.population is not None:
        return about_population(difference.population)
    shown = _shown(difference)
    if difference.delta_m.value is None:
        return f"{shown}; Δm is undefined"
    tasks = count(len(difference.delta_m.tasks), "task")
    return f"{shown}; {average(difference.delta_m)} over {tasks}{aside(difference.delta_m)}"


def about_population(population: Population) -> str:
    """Clause on the effect of joint training on tasks like these."""
    size = count(len(population.tasks), "task")
    clauses = [
        f"mean gain {percent(population.mean, population.interval)} over a population of {size}"
    ]
    if population.share_gaining is not None:
        clauses.append(f"about {share(population.share_gaining)} of them gain")
    if population.prediction is not None:
        low, high = (percent(end) for end in population.prediction)
        clauses.append(f"one more such task would lie between {low} and {high}")
    return "; ".join(clauses)


def _shown(difference: LearnerDifference) -> str:
    counts = difference.counts
    tasks = count(sum(counts.values()), "task")
    if counts[TOO_FEW] == sum(counts.values()):
        return f"too few test units for a verdict on any of {tasks}"
    if not counts[HELPED] and not counts[HURT]:
        return f"no difference shown on any of {tasks} by itself"
    helped, hurt = (_counted(difference, answer) for answer in (HELPED, HURT))
    return f"joint training helped on {helped} and hurt on {hurt} of {tasks}"


def _counted(difference: LearnerDifference, answer: str) -> str:
    """How many primary tasks have an answer, with their names: ``2 (rent, price)``."""
    names = [n for n, t in difference.tasks.items() if t.answer == answer and t.counted]
    return f"{difference.counts[answer]}" + f" ({first_names(names, _MOST_NAMES)})" * bool(names)
