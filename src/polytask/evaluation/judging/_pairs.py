"""Paired estimates of two candidates on the headline metric of every task."""

from __future__ import annotations

from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.statistics import Paired, paired

__all__ = ["pairs"]


def pairs(learner: Entry, baseline: Entry, context: Context) -> dict[str, Paired]:
    """Difference, interval and p of every task; undefined where no test row is labelled."""
    return {task: _pair(learner, baseline, context, task) for task in context.tasks.names}


def _pair(learner: Entry, baseline: Entry, context: Context, task: str) -> Paired:
    if not learner.answers[task] or not baseline.answers[task]:
        return Paired(None, undefined="no test rows")
    return paired(
        context.headline(task),
        learner.answers[task],
        baseline.answers[task],
        n_tasks=context.n_tested(task),
        test_per_train=context.test_per_train,
    )
