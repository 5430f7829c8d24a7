"""A metric of two learners on the same rows: difference, interval and p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.statistics._jackknife import RunValues, jackknife, value_of
from polytask.statistics._student import half_width, levels, t_p_value
from polytask.statistics._units import count_units, enough_units, fewest_units

__all__ = ["Paired", "paired"]


@dataclass(frozen=True)
class Paired:
    """How much one learner's metric lies above another's.

    Attributes
    ----------
    value : float or None
        Mean over runs and splits of ours − theirs, in the metric's units.
    interval : (low, high) or None
    standard_error : float or None
        Of `value`, over units and seeds (or splits); None where one unit alone cannot tell.
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
    method : str
        How p was found.
    left_out : tuple of str
        Columns or classes that the values leave out, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    standard_error: float | None = None
    p: float | None = None
    per_run: tuple[float | None, ...] = ()
    n_units: int = 0
    undefined: str | None = None
    too_few: str | None = None
    method: str = ""
    left_out: tuple[str, ...] = ()


def paired(
    metric: Metric,
    ours: Sequence[Answers],
    theirs: Sequence[Answers],
    *,
    level: float = 0.95,
    n_tasks: int = 1,
    test_per_train: float | None = None,  # noqa: ARG001 - the split level follows
    seed: int = 0,  # noqa: ARG001 - the exchange test follows
) -> Paired:
    """Difference of two learners' metrics on the same rows, with its interval and p.

    Parameters
    ----------
    metric : Metric
    ours, theirs : sequence of Answers
        One per split, on the same rows in the same order; equally many runs.
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

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import MAE
    >>> from polytask.statistics import Answers, paired
    >>> from polytask.tasks import FittedTarget
    >>> truth, target = np.arange(8.0), FittedTarget(("y",), 1)
    >>> ours, theirs = (
    ...     [Answers(truth, (truth + error,), np.ones(8), np.arange(8), target)]
    ...     for error in (np.linspace(0.1, 0.8, 8), np.linspace(1.1, 2.8, 8))
    ... )
    >>> paired(MAE(), ours, theirs).p <= 0.01
    True
    """
    first, second = value_of(metric, ours), value_of(metric, theirs)
    both = _difference(first, second)
    n_units = count_units(metric, ours)
    left_out = tuple(dict.fromkeys([*first.left_out, *second.left_out]))
    if both.mean is None:
        return Paired(
            None,
            per_run=both.per_run,
            n_units=n_units,
            undefined=both.undefined,
            left_out=left_out,
        )
    mine, other = jackknife(metric, ours), jackknife(metric, theirs)
    noise = levels({unit: mine[unit] - other[unit] for unit in mine if unit in other}, both)
    half = half_width(noise, level)
    enough = enough_units(n_units, n_tasks)
    needed = fewest_units(n_tasks)
    return Paired(
        value=both.mean,
        interval=(both.mean - half, both.mean + half) if half < np.inf else None,
        standard_error=float(np.sqrt(noise.variance)) if half < np.inf else None,
        p=max(t_p_value(both.mean, noise), 2.0 * 2.0**-n_units) if enough else None,
        per_run=both.per_run,
        n_units=n_units,
        undefined=both.undefined,
        too_few=None if enough else f"too few units: {n_units}, at least {needed} needed",
        method="paired t",
        left_out=left_out,
    )


def _difference(ours: RunValues, theirs: RunValues) -> RunValues:
    def less(one: float | None, other: float | None) -> float | None:
        return None if one is None or other is None else one - other

    pairs = zip(ours.per_run, theirs.per_run, strict=True)
    by_split = tuple(
        tuple(one - other for one, other in zip(*runs, strict=False))
        for runs in zip(ours.by_split, theirs.by_split, strict=True)
    )
    defined = ours.mean is not None and theirs.mean is not None
    return RunValues(
        mean=ours.mean - theirs.mean if defined else None,  # type: ignore[operator]
        per_run=tuple(less(*pair) for pair in pairs),
        by_split=by_split,
        undefined=ours.undefined or theirs.undefined,
        left_out=(),
    )
