"""A metric of two learners on the same rows: difference, interval and p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polytask.metrics import Metric, MetricValue
from polytask.statistics._added import Added, value_of
from polytask.statistics._answers import Answers
from polytask.statistics._bonett_price import bonett_price
from polytask.statistics._exchange_and_t import exchange_and_t
from polytask.statistics._newcombe import newcombe
from polytask.statistics._runs import (
    Runs,
    SplitPair,
    added_by_difference,
    added_by_value,
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
    """How much one learner's metric lies above another's.

    Attributes
    ----------
    value : float or None
        Mean over runs and splits of ours − theirs, in the metric's units.
    interval : (low, high) or None
        None where units are too few to tell, such as one row of a regression.
    p : float or None
        Of “the two learners are exchangeable”, uncorrected; None where units are too few.
    per_run : tuple of float or None
        Run by run, split by split.
    n_units : int
        See `count_units`.
    undefined : str or None
        Why there is no value, or in how many runs there is none.
    too_few : str or None
        Why there is no p though there is a value, such as "too few units: 3, at least 6 needed".
    standard_error : float or None
    degrees : float or None
        How well the standard error is known: Satterthwaite's degrees of freedom.
    left_out : tuple of str
        Columns or classes that the values leave out, each with its reason.
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
    ours: Sequence[Answers],
    theirs: Sequence[Answers],
    *,
    level: float = 0.95,
    n_tasks: int = 1,
    test_per_train: float | None = None,
    seed: int = 0,
) -> Paired:
    r"""Difference of two learners' metrics on the same rows, with its interval and p.

    Parameters
    ----------
    metric : Metric
    ours, theirs : sequence of Answers
        One per split, on the same rows in the same order; equally many runs, or one.
    level : float
        Of the interval.
    n_tasks : int
        How many tasks are tested together: p must be able to pass Holm's correction over them.
    test_per_train : float, optional
        Test rows per training row, for several splits; 1 / (splits − 1) if not given.
    seed : int
        Of the random exchanges.

    Returns
    -------
    Paired

    Notes
    -----
    p is the larger of two. The first is that of exchanging the two models' predictions unit by
    unit, all runs of a unit together, with mid-ranks for scores where only order counts [1]_; the
    sum of what units add stands for the difference (`polytask.metrics.Metric.influence`), which
    is exact for means over rows and ROC-AUC. The second is that of Student's
    :math:`t = \bar D / \sqrt{SE_{units}^2 + s_{seeds}^2 / S}` with Satterthwaite's degrees of
    freedom; over several splits that of Nadeau and Bengio. Units of an area or a balanced accuracy
    vary within their class, and losses with heavy tails have fewer degrees. One run speaks about
    these two fitted models, several about this training set, several splits about training sets
    like these.

    The interval is Bonett and Price's for means of zeros and ones, Newcombe's from the two single
    ones for other metrics between 0 and 1, and Student's otherwise and over several splits, as
    long as those differ.

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
    >>> ours, theirs = (
    ...     [Answers(truth, (truth + error,), np.ones(8), np.arange(8), target, Regression())]
    ...     for error in (np.linspace(0.1, 0.8, 8), np.linspace(1.1, 2.8, 8))
    ... )
    >>> paired(MAE(), ours, theirs).p
    0.0078125
    """
    pairs = pair_runs(ours, theirs)
    runs = over_runs([_differences(metric, *split) for split in pairs])
    found = Paired(
        runs.mean,
        per_run=runs.per_run,
        n_units=count_units(ours),
        undefined=runs.undefined,
        left_out=runs.left_out,
    )
    if runs.mean is None:
        return found
    difference = added_by_difference(metric, pairs)
    amounts = difference.amounts
    spread = _spread(_of_units(metric, ours, difference), runs, test_per_train)
    enough = enough_units(found.n_units, n_tasks)
    return replace(
        found,
        interval=_interval(metric, pairs, runs, amounts, spread, level),
        p=float(exchange_and_t(amounts[None], spread, n_tasks, seed)[0]) if enough else None,
        too_few=None if enough else _too_few(found.n_units, n_tasks),
        standard_error=float(spread.error) if spread.known else None,
        degrees=float(spread.degrees) if spread.known else None,
    )


def _differences(
    metric: Metric, ours: Answers, theirs: Answers, runs: Sequence[tuple[int, int]]
) -> list[MetricValue]:
    pairs = [(value_of(metric, ours, a), value_of(metric, theirs, b)) for a, b in runs]
    return [_less(*pair) for pair in pairs]


def _less(ours: MetricValue, theirs: MetricValue) -> MetricValue:
    left_out = tuple(dict.fromkeys([*ours.left_out, *theirs.left_out]))
    if ours.value is None or theirs.value is None:
        return MetricValue(None, ours.undefined or theirs.undefined, left_out)
    return MetricValue(ours.value - theirs.value, left_out=left_out)


def _of_units(metric: Metric, answers: Sequence[Answers], difference: Added) -> Spread:
    """Of the difference over units: class by class where that is right, with tails of losses."""
    if not metric.is_share:
        return tailed(of_units(difference.amounts), difference.amounts)
    one = len(answers) == 1 and not difference.blocks
    return of_units(
        difference.amounts,
        positive_units(metric, answers[0], difference.units) if one else None,
    )


def _spread(units: Spread, runs: Runs, test_per_train: float | None) -> Spread:
    """Of the mean difference: units and seeds, or splits where those vary more than units."""
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
    least = -1.0 if metric.is_share else -np.inf
    if metric.is_share and (len(runs.by_split) == 1 or flat(spread, amounts)):
        if metric.zero_one:
            low, high = bonett_price(amounts, of_seeds(runs.by_split), level)
        else:
            low, high = _of_shares(metric, pairs, runs, level)
        return float(low), float(high)
    if not spread.known:
        return None
    half = float(spread.half_width(level))
    return max(least, value - half), min(-least, value + half)


def _of_shares(
    metric: Metric, pairs: Sequence[SplitPair], runs: Runs, level: float
) -> tuple[Numbers, Numbers]:
    our_answers = [pair.ours for pair in pairs]
    their_answers = [pair.theirs for pair in pairs]
    our_runs = [[value_of(metric, pair.ours, run) for run, _ in pair.runs] for pair in pairs]
    their_runs = [[value_of(metric, pair.theirs, run) for _, run in pair.runs] for pair in pairs]
    ours = share_of(metric, our_answers, over_runs(our_runs))
    theirs = share_of(metric, their_answers, over_runs(their_runs))
    parts = [
        (1.0, added_by_value(metric, our_answers)),
        (-1.0, added_by_value(metric, their_answers)),
    ]
    n_units = effective_units(metric, our_answers)
    units = over_units(sum_of(parts).amounts, n_units, len(runs.by_split))
    return newcombe(ours, theirs, with_seeds(units, of_seeds(runs.by_split)), level)
