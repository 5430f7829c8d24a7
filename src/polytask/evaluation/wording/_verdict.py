"""Sentences of the verdict: the winner, and whether joint training helped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from polytask.evaluation.judging._answer import ALPHA, ONE_TASK, TOO_FEW, UNDEFINED
from polytask.evaluation.judging._comparison_records import LearnerDifference, LearnerRow, Verdict
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.wording._average import aside, average
from polytask.evaluation.wording._joint import about_joint
from polytask.evaluation.wording._others import about_others
from polytask.evaluation.wording._twin import about_twin
from polytask.evaluation.wording._why import on_validation

__all__ = ["verdict"]


def verdict(
    rows: Sequence[LearnerRow],
    differences: Sequence[LearnerDifference],
    winner: LearnerRow | None,
    baseline: str,
    lead: Callable[[str, str], DeltaMEstimate],
    *,
    favourite: bool = True,
    twins: Sequence[LearnerDifference] = (),
) -> Verdict:
    """Write the verdict on the test rows.

    Parameters
    ----------
    rows : sequence of LearnerRow
    differences : sequence of LearnerDifference
        One for each joint learner.
    winner : LearnerRow or None
        The one recommended; None where nothing beats the best constant.
    baseline : str
        The yardstick.
    lead : callable
        Δm of one learner over another, both by name.
    favourite : bool
        Whether validation rows prefer the winner to all others, and not only to those that beat
        the best constant.
    twins : sequence of LearnerDifference
        One for each joint learner whose twin takes part, against the twin.

    Notes
    -----
    The winner, and of several joint learners the one that the verdict is about, are those that
    validation rows prefer: picking the one that tests best would flatter it. Where nothing beats
    the best constant, that is said first; then a winner that shares nothing; then whether joint
    training helped, and whether the twin says that sharing is why. The other joint learners follow,
    corrected for their number.
    """
    main = _preferred(differences, {row.name: row for row in rows})
    answer = _answer(main)
    headline, sentences = about_joint(main, any(row.joint for row in rows))
    if len(rows[0].runs) == 1 and answer not in {ONE_TASK, UNDEFINED, TOO_FEW}:
        headline = _of_one_seed(headline)
    others = (
        [] if main is None or answer == ONE_TASK else _others(main, differences, twins, baseline)
    )
    if winner is None:
        headline, sentences = _nothing(rows), [headline, *sentences]
    elif not winner.joint and winner.name != baseline:
        beaten = baseline if main is None else main.learner
        where = on_validation(favourite=favourite)
        first = _winner_sentence(winner.name, beaten, lead(winner.name, beaten), where)
        headline, sentences = first, [headline, *sentences]
    return Verdict(
        answer=answer,
        joint=None if main is None else main.learner,
        headline=headline,
        sentences=(*sentences, *others),
        winner=None if winner is None else winner.name,
        winner_is_joint=winner is not None and winner.joint,
        nothing_beats_constant=winner is None,
    )


def _others(
    main: LearnerDifference,
    differences: Sequence[LearnerDifference],
    twins: Sequence[LearnerDifference],
    yardstick: str,
) -> list[str]:
    """Sentences on the twin of the main learner, and on the other joint learners."""
    by_twin = {twin.learner: twin for twin in twins}
    own = by_twin.pop(main.learner, None)
    return [
        *([] if own is None else [about_twin(main, own)]),
        *about_others([one for one in differences if one is not main], yardstick=yardstick),
        *about_others(list(by_twin.values()), twins=True),
    ]


def _answer(main: LearnerDifference | None) -> str:
    if main is None:
        return UNDEFINED
    return ONE_TASK if len(main.tasks) == 1 else main.answer


def _of_one_seed(headline: str) -> str:
    if headline.endswith(")."):
        return f"{headline.removesuffix(').')}; one seed)."
    return f"{headline.removesuffix('.')} (one seed)."


def _preferred(
    differences: Sequence[LearnerDifference], rows: Mapping[str, LearnerRow]
) -> LearnerDifference | None:
    def gain(difference: LearnerDifference) -> float:
        value = rows[difference.learner].validation_gain
        return -float("inf") if value is None else value

    return max(differences, key=gain, default=None)


def _nothing(rows: Sequence[LearnerRow]) -> str:
    """First sentence if no learner beats the best constant."""
    known = [
        row for row in rows if row.over_constant is not None and row.over_constant.value is not None
    ]
    first = "No learner is shown to beat the best constant prediction"
    if not known:
        return f"{first}, so none is recommended."
    nearest = max(known, key=lambda row: row.over_constant.value)  # type: ignore[union-attr,return-value,arg-type]
    gain = average(nearest.over_constant)  # type: ignore[arg-type]
    return f"{first}, so none is recommended ({nearest.name} comes nearest: {gain} over it)."


def _winner_sentence(winner: str, beaten: str, lead: DeltaMEstimate, where: str) -> str:
    """First sentence if the validation rows prefer a learner that shares nothing."""
    subject = f"{winner}, which learns each task alone,"
    if lead.value is None:
        return f"{subject} does best {where}."
    gain = f"{average(lead)} over {beaten} on test rows"
    if lead.p is None or lead.p > ALPHA:
        return f"{subject} does best {where}, though not beyond chance: {gain}."
    if lead.value <= 0:
        return f"{subject} does best {where}, though not on test rows: {gain}."
    return f"{subject} wins: {gain}{aside(lead)}."
