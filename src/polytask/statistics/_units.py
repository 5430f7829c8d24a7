"""Independent units of test rows: their numbers, and the smallest number for a test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from polytask._row_shares import shares_of_largest
from polytask.metrics import Metric
from polytask.statistics._answers import Answers

__all__ = [
    "CountedUnits",
    "UnitIndex",
    "count_units",
    "counted_units",
    "determining_units",
    "enough_units",
    "fewest_units",
    "index",
    "positive_units",
]


def enough_units(n_units: int, n_tasks: int = 1, alpha: float = 0.05) -> bool:
    """Whether a test can reject: no exchange test of n units has a p below 2 · 2⁻ⁿ.

    Parameters
    ----------
    n_units : int
        Number of units, from `count_units`.
    n_tasks : int
        Number of tasks tested together.
    alpha : float

    Examples
    --------
    >>> from polytask.statistics import enough_units
    >>> enough_units(5), enough_units(6), enough_units(6, n_tasks=10)
    (False, True, False)
    """
    return n_units >= fewest_units(n_tasks, alpha)


def fewest_units(n_tasks: int = 1, alpha: float = 0.05) -> int:
    """The smallest n for which K · 2 · 2⁻ⁿ is at most `alpha`.

    Examples
    --------
    >>> from polytask.statistics import fewest_units
    >>> fewest_units(), fewest_units(10)
    (6, 9)
    """
    return max(1, math.ceil(math.log2(2 * max(n_tasks, 1) / alpha)))


def count_units(answers: Sequence[Answers]) -> int:
    """Count the units with a labelled row of positive weight; for classes, without the commonest.

    For two classes these are the units of the rarer one. A unit counts if it does so in any of
    several columns or splits.

    Parameters
    ----------
    answers : sequence of Answers
        One per split.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.statistics import Answers, count_units
    >>> from polytask.tasks import Binary, FittedTarget
    >>> truth, units = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), np.array([0, 1, 2, 3, 4, 4])
    >>> target = FittedTarget(("y",), ("no", "yes"))
    >>> count_units([Answers(truth, (truth,), np.ones(6), units, target, Binary())])
    2
    """
    units = [counted_units(split).units for split in answers]
    return len(units[0]) if len(units) == 1 else len(np.unique(np.concatenate(units)))


@dataclass(frozen=True, eq=False)
class UnitIndex:
    """The units of a split: their numbers, ascending, and the position of each row's unit."""

    units: Int64[np.ndarray, " u"]
    position: Int64[np.ndarray, " n"]


def index(answers: Answers) -> UnitIndex:
    """The units of a split, numbered from 0."""
    if "index" not in answers.memo:
        units = answers.units
        if (np.diff(units) > 0).all():  # every row is a unit, in order
            answers.memo["index"] = UnitIndex(units, np.arange(len(units)))
        else:
            numbers, position = np.unique(units, return_inverse=True)
            answers.memo["index"] = UnitIndex(numbers, position)
    return answers.memo["index"]


@dataclass(frozen=True, eq=False)
class CountedUnits:
    """The units that determine a metric.

    Attributes
    ----------
    units : array of shape (k,)
        Units that `count_units` counts.
    effective : float
        Equivalent number of equally weighted units, (Σw)² / Σw².
    """

    units: Int64[np.ndarray, " k"]
    effective: float


def counted_units(answers: Answers) -> CountedUnits:
    """The units of one split that `count_units` counts."""
    return _count_once(answers, by_class=True)


def determining_units(metric: Metric, answers: Answers) -> CountedUnits:
    """The units that determine a metric's precision: all of them for a mean over rows."""
    return _count_once(answers, by_class=not metric.zero_one)


def positive_units(
    metric: Metric, answers: Answers, units: Int64[np.ndarray, " u"]
) -> Bool[np.ndarray, " u"] | None:
    """Which units are positive, if the metric is taken within two classes and no unit has both."""
    codes = answers.class_codes if metric.within_classes else None
    if codes is None or codes.shape[1] > 1 or len(answers.target.classes) != 2:
        return None
    where = index(answers)
    kept = answers.weight > 0
    by_class = [
        np.bincount(where.position[kept & (codes[:, 0] == code)], minlength=len(where.units))
        for code in (0, 1)
    ]
    if (np.minimum(*by_class) > 0).any():
        return None
    return np.isin(units, where.units[by_class[1] > 0])


def _count_once(answers: Answers, *, by_class: bool) -> CountedUnits:
    key = "counted", by_class
    if key not in answers.memo:
        answers.memo[key] = _count(answers, by_class)
    return answers.memo[key]


def _count(answers: Answers, by_class: bool) -> CountedUnits:
    codes = answers.class_codes if by_class else None
    truth = answers.truth
    cells = truth.reshape(len(truth), math.prod(truth.shape[1:])) if codes is None else codes
    labelled = ~np.isnan(cells) & (answers.weight > 0)[:, None]
    where = index(answers)
    if codes is not None:
        pairs = zip(codes.T, labelled.T, strict=True)
        labelled = np.stack(
            [_without_commonest(column, kept, where) for column, kept in pairs], axis=1
        )
    kept = labelled.any(axis=1)
    shares = shares_of_largest(answers.weight[kept])
    weight = np.bincount(where.position[kept], shares, len(where.units))
    some = weight > 0
    effective = weight.sum() ** 2 / np.square(weight).sum() if some.any() else 0.0
    return CountedUnits(where.units[some], float(effective))


def _without_commonest(
    column: Float64[np.ndarray, " n"], kept: Bool[np.ndarray, " n"], where: UnitIndex
) -> Bool[np.ndarray, " n"]:
    """Rows of all classes except the one with the most units."""
    classes, code = np.unique(column[kept], return_inverse=True)
    if not len(classes):
        return kept
    pairs = np.unique(where.position[kept] * len(classes) + code)
    commonest = np.bincount(pairs % len(classes), minlength=len(classes)).argmax()
    return np.asarray(kept & (column != classes[commonest]))
