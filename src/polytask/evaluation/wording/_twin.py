"""Sentence on a joint network and its twin, which is as large and shares nothing."""

from __future__ import annotations

from polytask.evaluation.judging._answer import ALPHA, HELPED, MIXED, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._comparison_records import LearnerDifference
from polytask.evaluation.wording._sentences import outcome
from polytask.evaluation.wording._words import together

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

    Sharing is a cause only where both differences show a gain, on average or on one task: each of
    the two tests at its level keeps that of both together.
    """
    if main.answer not in {HELPED, MIXED}:
        return ""
    gain = f"gain over {main.baseline}"
    if twin.answer in {TOO_FEW, UNDEFINED}:
        return f" Whether its {gain} comes from sharing cannot be said."
    if _on_average(main) and _on_average(twin):
        return f" Its {gain} is not owed to size alone: sharing helps."
    tasks = [] if main.population else [name for name in main.tasks if _helped(name, main, twin)]
    if tasks:
        return f" Its {gain} on {together(tasks)} is not owed to size alone: sharing helps there."
    return f" Its {gain} is not shown to come from sharing: its size may explain it."


def _on_average(difference: LearnerDifference) -> bool:
    delta = difference.delta_m
    return delta.p is not None and delta.p <= ALPHA and delta.value is not None and delta.value > 0


def _helped(task: str, *differences: LearnerDifference) -> bool:
    answers = [difference.tasks[task] for difference in differences]
    return all(answer.answer == HELPED and answer.counted for answer in answers)
