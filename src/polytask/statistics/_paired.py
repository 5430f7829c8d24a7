"""Comparison of two learners in a metric: difference, interval and p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polytask.metrics import Metric, MetricValue
from polytask.statistics._answers import Answers
from polytask.statistics._bonett_price import bonett_price
from polytask.statistics._contributions import Contributions, value_of
from polytask.statistics._exchange_and_t import exchange_and_t
from polytask.statistics._newcombe import newcombe
from polytask.statistics._runs import (
    Runs,
    SplitPair,
    mean_contributions,
    mean_difference_contributions,
    over_runs,
    pair_runs,
    sum_of,
)
from polytask.statistics._share_metrics import effective_units, over_units, share_of
from polytask.statistics._spread import (
    Numbers,
    Spread,
    flat,
    of_seeds,
    of_splits,
    of_units,
    tailed,
    with_seeds,
)
from polytask.statistics._units import count_units, enough_units, fewest_units, positive_units

__all__ = ["Paired", "paired"]


@dataclass(frozen=True)
class Paired:
    """The difference of two learners' metrics.

    Attributes
    ----------
    value : float or None
        Mean over runs and splits of learner − baseline, in the metric's units.
    interval : (low, high) or None
        None if there are too few units, such as one row of a regression.
    p : float or None
        p-value of “the two learners are exchangeable”, uncorrected; None with too few units.
    per_run : tuple of float or None
        Values per split and run.
    n_units : int
        See `count_units`.
    undefined : str or None
        Why there is no value, or in how many runs it is undefined.
    too_few : str or None
        Why there is a value but no p, such as "too few units: 3, at least 6 needed".
    standard_error : float or None
    degrees : float or None
        Satterthwaite's degrees of freedom of the standard error.
    left_out : tuple of str
        Columns or classes left out of the values, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    per_run: tuple[float | None, ...] = ()
    n_units: int = 0
    undefined: str | None = None
    too_few: str | None = None
    standard_error: float | None = None
    degrees: float | None = None
    left_out: tuple[str, ...] = ()


def paired(
    metric: Metric,
    learner: Sequence[Answers],
    baseline: Sequence[Answers],
    *,
    level: float = 0.95,
    n_tasks: int = 1,
    test_per_train: float | None = None,
    seed: int = 0,
) -> Paired:
    r"""Difference of two learners' metrics on the same rows, with its interval and p-value.

    Parameters
    ----------
    metric : Metric
    learner, baseline : sequence of Answers
        One per split, on the same rows in the same order; equally many runs, or one.
    level : float
        Level of the interval.
    n_tasks : int
        Number of tasks tested together, over which p must be able to pass Holm's correction.
    test_per_train : float, optional
        Test rows per training row, for several splits; 1 / (splits − 1) if not given.
    seed : int
        Seed of the random exchanges.

    Returns
    -------
    Paired

    Notes
    -----
    p is the larger of two. The first exchanges the two models' predictions unit by unit, all runs
    of a unit together, with mid-ranks for scores where only order counts [1]_; the sum of the
    units' contributions replaces the difference (`polytask.metrics.Metric.influence`), which is
    exact for means over rows and ROC-AUC. The second is that of Student's
    :math:`t = \bar D / \sqrt{SE_{units}^2 + s_{seeds}^2 / S}` with Satterthwaite's degrees of
    freedom; over several splits that of Nadeau and Bengio. Units of an area or a balanced accuracy
    vary within their class, and losses with heavy tails have fewer degrees of freedom. One run
    supports statements about these two fitted models, several runs about this training set,
    several splits about training sets like these.

    The interval is Bonett and Price's for means of zeros and ones, and Newcombe's, from the two
    single intervals, for other metrics between 0 and 1. Otherwise, and over several splits that
    differ, it is Student's.

    References
    ----------
    .. [1] Bandos, Rockette & Gur, *A permutation test sensitive to differences in areas for
       comparing ROC curves from a paired design*, Statistics in Medicine 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth, target = np.arange(8.0), FittedTarget(("y",))
    >>> learner, baseline = (
    ...     [Answers(truth, (truth + error,), np.ones(8), np.arange(8), target, Regression())]
    ...     for error in (np.linspace(0.1, 0.8, 8), np.linspace(1.1, 2.8, 8))
    ... )
    >>> paired(MAE(), learner, baseline).p
    0.0078125
    """
    pairs = pair_runs(learner, baseline)
    runs = over_runs([_differences(metric, *split) for split in pairs])
    result = Paired(
        runs.mean,
        per_run=runs.per_run,
        n_units=count_units(learner),
        undefined=runs.undefined,
        left_out=runs.left_out,
    )
    if runs.mean is None:
        return result
    difference = mean_difference_contributions(metric, pairs)
    amounts = difference.amounts
    spread = _spread(spread_of_units(metric, learner, difference), runs, test_per_train)
    enough = enough_units(result.n_units, n_tasks)
    return replace(
        result,
        interval=_interval(metric, pairs, runs, amounts, spread, level),
        p=float(exchange_and_t(amounts[None], spread, n_tasks, seed)[0]) if enough else None,
        too_few=None if enough else _too_few(result.n_units, n_tasks),
        standard_error=float(spread.error) if spread.known else None,
        degrees=float(spread.degrees) if spread.known else None,
    )


def _differences(
    metric: Metric, learner: Answers, baseline: Answers, runs: Sequence[tuple[int, int]]
) -> list[MetricValue]:
    return [
        _difference(value_of(metric, learner, a), value_of(metric, baseline, b)) for a, b in runs
    ]


def _difference(learner: MetricValue, baseline: MetricValue) -> MetricValue:
    left_out = tuple(dict.fromkeys([*learner.left_out, *baseline.left_out]))
    if learner.value is None or baseline.value is None:
        return MetricValue(None, learner.undefined or baseline.undefined, left_out)
    return MetricValue(learner.value - baseline.value, left_out=left_out)


def spread_of_units(
    metric: Metric, answers: Sequence[Answers], difference: Contributions
) -> Spread:
    """Spread of the difference over units: within classes if applicable, with tails of losses."""
    if not metric.is_share:
        return tailed(of_units(difference.amounts), difference.amounts)
    single_split = len(answers) == 1 and not difference.blocks
    return of_units(
        difference.amounts,
        positive_units(metric, answers[0], difference.units) if single_split else None,
    )


def _spread(units: Spread, runs: Runs, test_per_train: float | None) -> Spread:
    """Spread of the mean difference: over units and seeds, or over splits if that is larger."""
    if len(runs.by_split) == 1:
        return with_seeds(units, of_seeds(runs.by_split))
    splits = of_splits(runs.means, test_per_train)
    return Spread(np.maximum(splits.variance, units.variance), splits.degrees)


def _too_few(n_units: int, n_tasks: int) -> str:
    return f"too few units: {n_units}, at least {fewest_units(n_tasks)} needed"


def _interval(
    metric: Metric,
    pairs: Sequence[SplitPair],
    runs: Runs,
    amounts: np.ndarray,
    spread: Spread,
    level: float,
) -> tuple[float, float] | None:
    value = float(np.mean(runs.means))
    lowest = -1.0 if metric.is_share else -np.inf
    if metric.is_share and (len(runs.by_split) == 1 or flat(spread, amounts)):
        if metric.zero_one:
            low, high = bonett_price(amounts, of_seeds(runs.by_split), level)
        else:
            low, high = _of_shares(metric, pairs, runs, level)
        return float(low), float(high)
    if not spread.known:
        return None
    half = float(spread.half_width(level))
    return max(lowest, value - half), min(-lowest, value + half)


def _of_shares(
    metric: Metric, pairs: Sequence[SplitPair], runs: Runs, level: float
) -> tuple[Numbers, Numbers]:
    learner_answers = [pair.learner for pair in pairs]
    baseline_answers = [pair.baseline for pair in pairs]
    learner_runs = [[value_of(metric, pair.learner, run) for run, _ in pair.runs] for pair in pairs]
    baseline_runs = [
        [value_of(metric, pair.baseline, run) for _, run in pair.runs] for pair in pairs
    ]
    learner = share_of(metric, learner_answers, over_runs(learner_runs))
    baseline = share_of(metric, baseline_answers, over_runs(baseline_runs))
    parts = [
        (1.0, mean_contributions(metric, learner_answers)),
        (-1.0, mean_contributions(metric, baseline_answers)),
    ]
    n_units = effective_units(metric, learner_answers)
    units = over_units(sum_of(parts).amounts, n_units, len(runs.by_split))
    return newcombe(learner, baseline, with_seeds(units, of_seeds(runs.by_split)), level)
