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
    learner: Entry,
    baseline: Entry,
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
        return _of_many(differences or pairs(learner, baseline, context), baseline, context)
    metrics, left_out = context.counted(baseline)
    shared = {
        task: metric
        for task, metric in metrics.items()
        if learner.answers[task] and baseline.answers[task]
    }
    left_out |= {task: "no test rows" for task in metrics if task not in shared}
    if not shared:
        return DeltaMEstimate(None, left_out=left_out)
    gain = paired_gain(
        {task: learner.answers[task] for task in shared},
        {task: baseline.answers[task] for task in shared},
        shared,
        test_per_train=context.test_per_train,
    )
    return delta_m_estimate(gain, left_out)


def _of_many(
    differences: Mapping[str, Paired], baseline: Entry, context: Context
) -> DeltaMEstimate:
    estimate = population(differences, baseline, context)
    if estimate is None:
        alone = dict.fromkeys(context.tasks.primary.names, _ALONE)
        return DeltaMEstimate(
            None, left_out=alone | effects(differences, baseline, context).left_out
        )
    return DeltaMEstimate(
        value=estimate.mean,
        interval=estimate.interval,
        p=estimate.p,
        tasks=estimate.tasks,
        left_out=estimate.left_out,
    )
