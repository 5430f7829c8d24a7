"""How many units carry a comparison, and how many it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from polytask.metrics import Metric
from polytask.statistics._answers import Answers
from polytask.tasks import Regression

__all__ = ["count_units", "enough_units", "fewest_units"]


def enough_units(n_units: int, n_tasks: int = 1, alpha: float = 0.05) -> bool:
    """Whether a verdict is possible: no exchange test of n units has a p below 2 · 2⁻ⁿ.

    Parameters
    ----------
    n_units : int
        What `count_units` counts.
    n_tasks : int
        How many tasks are tested together.
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


def count_units(metric: Metric, answers: Sequence[Answers]) -> int:
    """Units with a labelled row of positive weight; of all but the commonest class, if classes.

    For two classes these are the units of the rarer one. Of several columns, a unit counts if
    it does in one of them.

    Parameters
    ----------
    metric : Metric
    answers : sequence of Answers
        One per split.
    """
    found = [_counting(metric, one) for one in answers]
    return len(np.unique(np.concatenate(found))) if found else 0


def _counting(metric: Metric, answers: Answers) -> np.ndarray:
    truth = answers.truth.reshape(len(answers.truth), -1)
    labelled = np.isfinite(truth) & (answers.weight > 0)[:, None]
    if not all(issubclass(kind, Regression) for kind in metric.kinds):
        pairs = zip(truth.T, labelled.T, strict=True)
        rarer = [_rarer(column, kept, answers.units) for column, kept in pairs]
        labelled &= np.stack(rarer, axis=1)
    return np.unique(answers.units[labelled.any(axis=1)])


def _rarer(column: np.ndarray, kept: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Rows of all classes but the one with the most units."""
    classes = np.unique(column[kept])
    if not len(classes):
        return kept
    sizes = [len(np.unique(units[kept & (column == one)])) for one in classes]
    return np.asarray(column != classes[int(np.argmax(sizes))])
