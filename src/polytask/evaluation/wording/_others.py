"""Sentences on the joint learners that the verdict is not about."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._listing import count
from polytask.evaluation.judging._answer import ALPHA
from polytask.evaluation.judging._comparison_records import LearnerDifference
from polytask.evaluation.wording._average import average, printed_interval
from polytask.evaluation.wording._words import chance, together
from polytask.statistics import holm

__all__ = ["about_others"]


def about_others(
    differences: Sequence[LearnerDifference], *, twins: bool = False, yardstick: str | None = None
) -> list[str]:
    """One line per learner whose Δm shows a difference, and one for all others together.

    Test rows would choose among these learners, so their p-values are corrected by Holm's method
    over all of them.

    Parameters
    ----------
    differences : sequence of LearnerDifference
        Of joint learners against their single-task baselines, or against their twins.
    twins : bool
        Whether they are against twins.
    yardstick : str, optional
        What Δm of the table is over; a learner that is held against another baseline is said to be.
    """
    corrected = holm({difference.learner: difference.delta_m.p for difference in differences})
    sentences, silent = [], []
    for difference in differences:
        p = corrected[difference.learner]
        if p is not None and (p <= ALPHA or _excludes_zero(difference)):
            sentences.append(_sentence(difference, p, len(differences), twins=twins))
        else:
            silent.append(difference)
    named = yardstick if not twins else None
    return [*sentences, *_nothing_shown(silent, twins=twins, yardstick=named)]


def _excludes_zero(difference: LearnerDifference) -> bool:
    interval = printed_interval(difference.delta_m)
    return interval is not None and not interval[0] <= 0 <= interval[1]


def _sentence(difference: LearnerDifference, p: float, n_learners: int, *, twins: bool) -> str:
    delta = difference.delta_m
    pair = f"{difference.learner} against {'its twin ' * twins}{difference.baseline}"
    side = "better" if delta.value is not None and delta.value > 0 else "worse"
    shown = f"{side} on average" if p <= ALPHA else "no difference shown on average"
    over = count(len(delta.tasks), "task")
    reason = chance(p)
    if n_learners > 1:
        reason += f" once corrected over {n_learners} joint learners"
    if p <= ALPHA and not _excludes_zero(difference):
        reason += ", though the interval, found in another way, holds 0"
    return f"{pair}: {shown}: {average(delta)} over {over} ({reason})."


def _nothing_shown(
    differences: Sequence[LearnerDifference], *, twins: bool, yardstick: str | None
) -> list[str]:
    """One sentence for the learners without a difference on average, one for those without a p."""
    judged = [_against(d, yardstick) for d in differences if d.delta_m.p is not None]
    unjudged = [d.learner for d in differences if d.delta_m.p is None]
    reference = ("its twin" if len(judged) == 1 else "their twins") if twins else "training alone"
    sentences = []
    if judged:
        sentences.append(
            f"No difference on average from {reference} is shown for {together(judged)}."
        )
    if unjudged:
        place = "its twin" if twins else "its single-task baseline"
        compares = f"compares with {place}"
        if len(unjudged) > 1:
            compares = f"compare with their {'twins' if twins else 'single-task baselines'}"
        sentences.append(f"How {together(unjudged)} {compares} cannot be said.")
    return sentences


def _against(difference: LearnerDifference, yardstick: str | None) -> str:
    """The learner, with its baseline where that is not what the table's Δm is over."""
    if yardstick is None or difference.baseline == yardstick:
        return difference.learner
    return f"{difference.learner} (against {difference.baseline})"
