"""Difference between predictions and several changed copies of them in a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from polytask.metrics import Metric, MetricValue
from polytask.statistics._answers import Answers
from polytask.statistics._contributions import Contributions, contributions, value_of
from polytask.statistics._paired import Paired, spread_of_units
from polytask.statistics._runs import over_runs, sum_of
from polytask.statistics._spread import of_seeds, with_seeds
from polytask.statistics._units import count_units, enough_units, fewest_units

__all__ = ["paired_repeats"]


def paired_repeats(
    metric: Metric, learner: Answers, repeats: Sequence[Answers], *, level: float = 0.95
) -> Paired:
    r"""Difference of a metric between predictions and changed ones, of which there are several.

    .. math:: D = \frac{1}{S} \sum_{s=1}^{S} \Bigl( m(f_s) - \frac{1}{R} \sum_{r=1}^{R} m(f_{sr}) \Bigr)

    with the metric :math:`m` of the predictions :math:`f_s` of run s, and of those of the same fitted
    model with something changed at random, :math:`f_{sr}`, in repeat r.

    Parameters
    ----------
    metric : Metric
    learner : Answers
        Of S runs.
    repeats : sequence of Answers
        R of them, on the same rows in the same order, each of the same S runs.
    level : float
        Level of the interval.

    Returns
    -------
    Paired
        `value` is learner − changed. p is that of Student's t.

    Notes
    -----
    Repeats of one run share its model, so that only runs count as a level of their own:
    :math:`SE^2 = SE_{units}^2 + s_{runs}^2 / S`, where a unit's contribution is the mean over runs and
    repeats of the difference of its influences on both metrics. Chance in the changes is in both
    levels, so that intervals are wider than they need be: with three runs they held in 99 % of 400 simulated
    data sets.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired_repeats
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth, target = np.arange(8.0), FittedTarget(("y",))
    >>> def answers(response):
    ...     return Answers(truth, (response,), np.ones(8), np.arange(8), target, Regression())
    >>> shuffled = [answers(np.roll(truth, shift)) for shift in (1, 2)]
    >>> paired_repeats(MAE(), answers(truth), shuffled).value
    -2.375
    """
    n_runs = len(learner.responses)
    differences = over_runs([[_difference(metric, learner, repeats, s) for s in range(n_runs)]])
    result = Paired(
        differences.mean,
        per_run=differences.per_run,
        n_units=count_units([learner]),
        undefined=differences.undefined,
        left_out=differences.left_out,
    )
    if differences.mean is None:
        return result
    defined = [s for s, value in enumerate(differences.per_run) if value is not None]
    changes = _contributions(metric, learner, repeats, defined)
    units = spread_of_units(metric, [learner], changes)
    spread = with_seeds(units, of_seeds(differences.by_split))
    enough = enough_units(result.n_units) and bool(spread.known)
    half = float(spread.half_width(level)) if spread.known else np.inf
    few = f"too few units: {result.n_units}, at least {fewest_units()} needed"
    return replace(
        result,
        interval=(result.value - half, result.value + half) if spread.known else None,  # type: ignore[operator]
        p=float(spread.p_value(result.value)) if enough else None,  # type: ignore[arg-type]
        too_few=None if enough else few,
        standard_error=float(spread.error) if spread.known else None,
        degrees=float(spread.degrees) if spread.known else None,
    )


def _difference(
    metric: Metric, learner: Answers, repeats: Sequence[Answers], run: int
) -> MetricValue:
    """The metric of one run less the mean of its repeats."""
    own = value_of(metric, learner, run)
    changed = [value_of(metric, one, run) for one in repeats]
    reason = next((v.undefined for v in (own, *changed) if v.value is None), None)
    left_out = tuple(dict.fromkeys(name for v in (own, *changed) for name in v.left_out))
    if reason is not None or own.value is None:
        return MetricValue(None, reason, left_out)
    return MetricValue(own.value - float(np.mean([v.value for v in changed])), left_out=left_out)


def _contributions(
    metric: Metric, learner: Answers, repeats: Sequence[Answers], defined: Sequence[int]
) -> Contributions:
    """Contributions of units to the mean difference, of runs in which it is defined."""
    own = [(1.0 / len(defined), contributions(metric, learner, s)) for s in defined]
    share = -1.0 / len(defined) / len(repeats)
    changed = [(share, contributions(metric, one, s)) for one in repeats for s in defined]
    return sum_of([*own, *changed])
