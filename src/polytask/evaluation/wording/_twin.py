"""Sentence on a joint network and its twin, which is as large and shares nothing."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.evaluation.judging._answer import ALPHA, HELPED, MIXED, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._comparison_records import LearnerDifference, TaskDifference
from polytask.evaluation.wording._sentences import outcome
from polytask.evaluation.wording._words import together
from polytask.statistics import holm

__all__ = ["about_twin"]


def about_twin(main: LearnerDifference, twin: LearnerDifference) -> str:
    """Whether a joint network beats its twin, and what its gain over the baseline is owed to.

    Parameters
    ----------
    main : LearnerDifference
        The joint network against its single-task baseline.
    twin : LearnerDifference
        The same network against its twin.
    """
    opening = f"{twin.learner} against its twin {twin.baseline}, as large and sharing nothing"
    return f"{opening}: {outcome(twin)}.{_cause(main, twin)}"


def _cause(main: LearnerDifference, twin: LearnerDifference) -> str:
    """Sentence on the cause of a gain over the baseline; empty where no gain is shown.

    Sharing is a cause only where both differences show a gain, so the larger of their two p-values
    counts (an intersection-union test), on average or, by Holm's method, over tasks. Both questions
    are one-sided at 2.5 %, as a gain whose two-sided p is at most 5 %: together they keep 5 %.
    """
    if main.answer not in {HELPED, MIXED}:
        return ""
    gain = f"gain over {main.baseline}"
    if twin.answer in {TOO_FEW, UNDEFINED}:
        return f" Whether its {gain} comes from sharing cannot be said."
    if _on_average(main) and _on_average(twin):
        return f" Its {gain} is not owed to size alone: sharing helps."
    tasks = [] if main.population else _helped_by_sharing(main, twin)
    if tasks:
        return f" Its {gain} on {together(tasks)} is not owed to size alone: sharing helps there."
    return f" Its {gain} is not shown to come from sharing: its size may explain it."


def _on_average(difference: LearnerDifference) -> bool:
    delta = difference.delta_m
    return delta.p is not None and delta.p <= ALPHA and delta.value is not None and delta.value > 0


def _helped_by_sharing(*differences: LearnerDifference) -> list[str]:
    """Primary tasks on which all differences show a gain, corrected over these tasks once."""
    answers = {
        task: [difference.tasks[task] for difference in differences]
        for task, answer in differences[0].tasks.items()
        if answer.counted
    }
    corrected = holm({task: _largest_p(pair) for task, pair in answers.items()})
    return [task for task, p in corrected.items() if p is not None and p <= ALPHA]


def _largest_p(answers: Sequence[TaskDifference]) -> float | None:
    """That of the least certain gain, 1 unless all are gains; None where a p-value is missing."""
    p_values = [answer.p for answer in answers if answer.p is not None]
    if len(p_values) < len(answers):
        return None
    return max(p_values) if all(answer.answer == HELPED for answer in answers) else 1.0
