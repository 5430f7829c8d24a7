"""Two candidates on the headline metric of every task."""

from __future__ import annotations

from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.statistics import Paired, paired

__all__ = ["pairs"]


def pairs(ours: Entry, theirs: Entry, context: Context) -> dict[str, Paired]:
    """Difference, interval and p of every task; undefined where no test row is labelled."""
    return {task: _pair(ours, theirs, context, task) for task in context.tasks.names}


def _pair(ours: Entry, theirs: Entry, context: Context, task: str) -> Paired:
    if not ours.answers[task] or not theirs.answers[task]:
        return Paired(None, undefined="no test rows")
    return paired(
        context.headline(task),
        ours.answers[task],
        theirs.answers[task],
        n_tasks=context.n_tested(task),
        test_per_train=context.test_per_train,
    )
