"""Δm of one candidate over another."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.evaluation.judging._context import Context
from polytask.evaluation.judging._entry import Entry
from polytask.evaluation.judging._estimates import DeltaMEstimate, delta_m_estimate
from polytask.evaluation.judging._pairs import pairs
from polytask.evaluation.judging._population import effects, population
from polytask.statistics import Paired, paired_gain

__all__ = ["gain_over"]

_ALONE = "its gain alone is defined, and a sample of tasks takes two"


def gain_over(
    ours: Entry,
    theirs: Entry,
    context: Context,
    differences: Mapping[str, Paired] | None = None,
) -> DeltaMEstimate:
    """Mean relative gain of the headline metrics, over the primary tasks that carry one.

    Many small tasks share one denominator, as `population` says.

    Parameters
    ----------
    ours, theirs : Entry
    context : Context
    differences : mapping of task to Paired, optional
        Of the two, where they are known.
    """
    if context.many_small:
        return _of_many(differences or pairs(ours, theirs, context), theirs, context)
    metrics, left_out = context.counted(theirs)
    shared = {
        task: metric
        for task, metric in metrics.items()
        if ours.answers[task] and theirs.answers[task]
    }
    left_out |= {task: "no test rows" for task in metrics if task not in shared}
    if not shared:
        return DeltaMEstimate(None, left_out=left_out)
    found = paired_gain(
        {task: ours.answers[task] for task in shared},
        {task: theirs.answers[task] for task in shared},
        shared,
        test_per_train=context.test_per_train,
    )
    return delta_m_estimate(found, left_out)


def _of_many(differences: Mapping[str, Paired], theirs: Entry, context: Context) -> DeltaMEstimate:
    many = population(differences, theirs, context)
    if many is None:
        alone = dict.fromkeys(context.tasks.primary.names, _ALONE)
        return DeltaMEstimate(None, left_out=alone | effects(differences, theirs, context).left_out)
    return DeltaMEstimate(
        value=many.mean,
        interval=many.interval,
        p=many.p,
        tasks=many.tasks,
        left_out=many.left_out,
    )
