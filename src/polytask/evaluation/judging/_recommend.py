"""Choice of the model to use: by validation rows, and only if it beats the best constant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from polytask.evaluation.judging._answer import ALPHA
from polytask.evaluation.judging._comparison_records import LearnerRow, RunRow
from polytask.metrics import Metric
from polytask.statistics import holm

__all__ = ["best_run", "never_ahead", "ranked", "recommended"]


def ranked(rows: Sequence[LearnerRow], constant: str | None) -> list[LearnerRow]:
    """All but the constant by mean validation gain, the highest first; ties stay in order."""
    return sorted((row for row in rows if row.name != constant), key=lambda row: -_gain(row))


def recommended(
    rows: Sequence[LearnerRow], constant: str | None, behind: Collection[str] = ()
) -> LearnerRow | None:
    """The learner of the highest mean validation gain among those that beat the constant.

    Parameters
    ----------
    rows : sequence of LearnerRow
        Ties go to the earlier one; single-task baselines come first.
    constant : str or None
        The learner that always gives the best constant.
    behind : collection of str
        Learners that are ahead of it on no task, see `never_ahead`.

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
    on test rows so far as they say anything: by Δm, or on some task where that is undefined.
    """
    learners = ranked(rows, constant)
    floor = next((row for row in rows if row.name == constant), None)
    if not learners or floor is None:
        return learners[0] if learners else None
    favourite, others = learners[0], learners[1:]
    if _beats(favourite, floor, _one_sided(favourite), behind):
        return favourite
    corrected = holm({row.name: _one_sided(row) for row in others})
    return next((row for row in others if _beats(row, floor, corrected[row.name], behind)), None)


def never_ahead(
    rows: Sequence[LearnerRow], constant: str | None, headlines: Mapping[str, Metric]
) -> set[str]:
    """Learners that are ahead of the constant on no task with a defined test metric.

    Parameters
    ----------
    rows, constant
        As in `recommended`.
    headlines : mapping of task name to Metric
        Of the tasks that count.
    """
    floor = next((row for row in rows if row.name == constant), None)
    if floor is None:
        return set()
    names = set()
    for row in rows:
        gaps = [
            (value - constant_value) * (1 if metric.greater_is_better else -1)
            for task, metric in headlines.items()
            if (value := row.tasks[task][metric.name].value) is not None
            and (constant_value := floor.tasks[task][metric.name].value) is not None
        ]
        if gaps and max(gaps) <= 0:
            names.add(row.name)
    return names


def best_run(row: LearnerRow) -> int:
    """The run with the highest validation gain; ties go to the earlier one."""
    return max(range(len(row.runs)), key=lambda run: _gain(row.runs[run]))


def _beats(row: LearnerRow, constant: LearnerRow, p: float | None, behind: Collection[str]) -> bool:
    value = None if row.over_constant is None else row.over_constant.value
    if p is not None:
        return value is not None and value > 0 and p <= ALPHA
    if value is not None and value <= 0:
        return False
    if value is None and row.name in behind:
        return False
    return row.validation_gain is None or _gain(row) > _gain(constant)


def _one_sided(row: LearnerRow) -> float | None:
    delta = row.over_constant
    if delta is None or delta.value is None or delta.p is None:
        return None
    return delta.p / 2 if delta.value > 0 else 1 - delta.p / 2


def _gain(row: LearnerRow | RunRow) -> float:
    return -float("inf") if row.validation_gain is None else row.validation_gain
