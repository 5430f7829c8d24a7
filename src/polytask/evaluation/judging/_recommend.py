"""Choice of the model to use: by validation rows, and only if it beats the best constant."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.evaluation.judging._answer import ALPHA
from polytask.evaluation.judging._comparison_records import LearnerRow, RunRow
from polytask.statistics import holm

__all__ = ["best_run", "ranked", "recommended"]


def ranked(rows: Sequence[LearnerRow], constant: str | None) -> list[LearnerRow]:
    """All but the constant by mean validation gain, the highest first; ties stay in order."""
    return sorted((row for row in rows if row.name != constant), key=lambda row: -_gain(row))


def recommended(rows: Sequence[LearnerRow], constant: str | None) -> LearnerRow | None:
    """The learner of the highest mean validation gain among those that beat the constant.

    Parameters
    ----------
    rows : sequence of LearnerRow
        Ties go to the earlier one; single-task baselines come first.
    constant : str or None
        The learner that always gives the best constant.

    Returns
    -------
    LearnerRow or None
        None where nothing beats the constant.

    Notes
    -----
    The learner that validation rows prefer beats the constant if its Δm over it on test rows is
    above 0 with a one-sided p of at most 0.05: one question, asked of one learner that the test
    rows did not choose. If it fails, the others are asked together, corrected by Holm's method.
    Where the test rows are too few for any p, the constant must be worse on validation rows, and
    on test rows so far as they say anything.
    """
    learners = ranked(rows, constant)
    floor = next((row for row in rows if row.name == constant), None)
    if not learners or floor is None:
        return learners[0] if learners else None
    favourite, others = learners[0], learners[1:]
    if _beats(favourite, floor, _one_sided(favourite)):
        return favourite
    corrected = holm({row.name: _one_sided(row) for row in others})
    return next((row for row in others if _beats(row, floor, corrected[row.name])), None)


def best_run(row: LearnerRow) -> int:
    """The run with the highest validation gain; ties go to the earlier one."""
    return max(range(len(row.runs)), key=lambda place: _gain(row.runs[place]))


def _beats(row: LearnerRow, constant: LearnerRow, p: float | None) -> bool:
    value = None if row.over_constant is None else row.over_constant.value
    if p is not None:
        return value is not None and value > 0 and p <= ALPHA
    if value is not None and value <= 0:
        return False
    return row.validation_gain is None or _gain(row) > _gain(constant)


def _one_sided(row: LearnerRow) -> float | None:
    delta = row.over_constant
    if delta is None or delta.value is None or delta.p is None:
        return None
    return delta.p / 2 if delta.value > 0 else 1 - delta.p / 2


def _gain(row: LearnerRow | RunRow) -> float:
    return -float("inf") if row.validation_gain is None else row.validation_gain
