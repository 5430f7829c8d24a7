"""The answer in words: who wins, and whether joint training helped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from polytask.evaluation.judging._comparison_records import LearnerDifference, LearnerRow, Verdict
from polytask.evaluation.judging._differences import ALPHA, HELPED, HURT, MIXED, ONE_TASK, UNDEFINED
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.wording._words import count, percent, together

__all__ = ["verdict"]

_MOST_TASK_SENTENCES = 12


def verdict(
    rows: Sequence[LearnerRow],
    differences: Sequence[LearnerDifference],
    baseline: str,
    lead: Callable[[str, str], DeltaMEstimate],
) -> Verdict:
    """Say what the test rows showed.

    Parameters
    ----------
    rows : sequence of LearnerRow
    differences : sequence of LearnerDifference
        One for each joint learner.
    baseline : str
        The yardstick.
    lead : callable
        Δm of one learner over another, both by name.

    Notes
    -----
    Of several joint learners the verdict is about the one that validation rows prefer: picking
    the one that tests best would flatter joint training. Where a learner that shares nothing
    has the highest Δm of all, that is said first.
    """
    by_name = {row.name: row for row in rows}
    winner = max(rows, key=lambda row: _delta(row, baseline))
    main = _preferred(differences, by_name)
    answer = _answer(main)
    headline, sentences = _about_joint(main, rows)
    others = [one.sentence for one in differences if one is not main and answer != ONE_TASK]
    if not winner.joint and winner.name != baseline:
        beaten = baseline if main is None else main.learner
        first = _winner_sentence(winner.name, beaten, lead(winner.name, beaten))
        headline, sentences = first, [headline, *sentences]
    if len(rows[0].runs) == 1 and answer not in {ONE_TASK, UNDEFINED}:
        headline = _of_one_seed(headline)
    return Verdict(
        answer=answer,
        joint=None if main is None else main.learner,
        headline=headline,
        sentences=(*sentences, *others),
        winner=winner.name,
        winner_is_joint=winner.joint,
    )


def _answer(main: LearnerDifference | None) -> str:
    if main is None:
        return UNDEFINED
    return ONE_TASK if len(main.tasks) == 1 else main.answer


def _of_one_seed(headline: str) -> str:
    if headline.endswith(")."):
        return f"{headline.removesuffix(').')}; one seed)."
    return f"{headline.removesuffix('.')} (one seed)."


def _delta(row: LearnerRow, baseline: str) -> float:
    if row.name == baseline:
        return 0.0
    known = row.delta_m is not None and row.delta_m.value is not None
    return row.delta_m.value if known else -float("inf")  # type: ignore[union-attr,return-value]


def _preferred(
    differences: Sequence[LearnerDifference], rows: Mapping[str, LearnerRow]
) -> LearnerDifference | None:
    def gain(one: LearnerDifference) -> float:
        found = rows[one.learner].validation_gain
        return -float("inf") if found is None else found

    return max(differences, key=gain, default=None)


def _about_joint(
    main: LearnerDifference | None, rows: Sequence[LearnerRow]
) -> tuple[str, list[str]]:
    if main is None and any(row.joint for row in rows):
        sentence = "Whether joint training helps cannot be said: training alone gave no model."
        return sentence, []
    if main is None:
        return "No joint learner took part, so whether joint training helps was not asked.", []
    if len(main.tasks) == 1:
        pair = f"{main.learner} against {main.baseline}"
        return f"One task: there is nothing to share, and {pair} compares a thing with itself.", []
    tasks = [one.sentence for one in main.tasks.values()]
    if len(tasks) > _MOST_TASK_SENTENCES:
        tasks = _summary(main)
    average = _average(main.delta_m)
    return f"{_opening(main)} ({main.learner} against {main.baseline}).", [
        *_contrast(main),
        *tasks,
        average,
    ]


def _contrast(main: LearnerDifference) -> list[str]:
    """A sentence where the tasks' answers and their average point apart."""
    value = main.delta_m.value
    if value is None or (main.answer, value > 0) not in {(HELPED, False), (HURT, True)}:
        return []
    change = percent(value, main.delta_m.interval)
    sentence = (
        f"On average over tasks the change is {change}: "
        "tasks on which nothing is shown by itself weigh more."
    )
    return [sentence]


def _opening(main: LearnerDifference) -> str:
    total = count(sum(main.counts.values()), "task")
    helped, hurt = main.counts[HELPED], main.counts[HURT]
    if main.answer == UNDEFINED:
        return "Whether joint training helps cannot be said: the metrics are undefined"
    if main.answer == MIXED:
        return f"Joint training helped on {helped} and hurt on {hurt} of {total}"
    if helped:
        return f"Joint training helped on {helped} of {total} and hurt on none"
    if hurt:
        return f"Joint training hurt on {hurt} of {total} and helped on none"
    if main.answer in {HELPED, HURT}:
        return f"Joint training {main.answer} on average over {total}, though on none by itself"
    return f"No difference between joint and single-task training is shown on {total}"


def _summary(main: LearnerDifference) -> list[str]:
    """For many tasks: only those that differ, named."""
    sentences = []
    for answer in (HELPED, HURT, UNDEFINED):
        names = [name for name, one in main.tasks.items() if one.answer == answer and one.counted]
        if names:
            words = {UNDEFINED: "Undefined for"}.get(answer, f"Joint training {answer} on")
            sentences.append(f"{words} {together(names)}.")
    return sentences


def _average(delta: DeltaMEstimate) -> str:
    left_out = "".join(f" {task} is left out: {why}." for task, why in delta.left_out.items())
    if delta.value is None:
        return f"Δm is undefined.{left_out}"
    tasks = together(delta.tasks)
    return f"Δm {percent(delta.value, delta.interval)} over {tasks}.{left_out}"


def _winner_sentence(winner: str, beaten: str, lead: DeltaMEstimate) -> str:
    """Said first when a learner that shares nothing does best."""
    subject = f"{winner}, which learns each task alone,"
    if lead.value is None:
        return f"{subject} does best."
    gain = f"Δm {percent(lead.value, lead.interval)} over {beaten}"
    if lead.p is None or lead.p > ALPHA:
        return f"{subject} scores highest, though not beyond chance: {gain}."
    return f"{subject} wins: {gain}."
