"""Bins of numeric columns: how their edges are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Choice, Constraint, Interval, check_parameters

__all__ = ["Bins"]

WITHOUT_LABELS = ("atoms", "quantiles")
"""Choices of edges that depend on no label, so that networks of all tasks have the same."""


@dataclass(frozen=True)
class Bins:
    r"""How the values of every numeric column are divided into bins.

    Learned of training rows alone, on the encoded values, by `fit_schemas`.

    Parameters
    ----------
    n_bins : int, default 24
        Most bins per column.
    by : {"quantiles", "atoms", "trees", "both"}, default "both"
        How the edges between bins are chosen.

        - ``"quantiles"``: equally many rows per bin.
        - ``"atoms"``: values that hold at least ``2 / n_bins`` of the rows, as zeros often do, are
          edges of their own, and the quantiles are those of the other values. A column of at most
          ``n_bins + 1`` distinct values has an edge at each.
        - ``"trees"``: the thresholds of a decision tree on that column alone, for each task.
        - ``"both"``: edges of ``"atoms"``, and of ``"trees"`` where a column has more distinct
          values than edges. A column may have twice as many bins.

    Notes
    -----
    The smallest and the largest value are always edges. A column of one value has no bins, one of
    two values has one.

    A tree splits the leaf that lowers the impurity most: the Gini impurity of classes, the
    variance of encoded numbers, with row weights. It has at most `n_bins` leaves, of at least 16
    rows and a thousandth of the task's. Splits are sought at about 1000 quantiles of the column,
    from at most 200 000 of the task's rows, evenly spaced; of a task with more than 32 classes or
    target cells 32 are read, evenly spaced too.

    A network of one task uses the thresholds of its task. One of several unites them: each task
    contributes its best ``(n_bins - 1) // n_tasks``, or 3 where that is less, and of these the ones
    that explain most of their task's impurity are kept, fewer than `n_bins` together. Trees have
    fewer leaves if a source has more than 32 tasks.

    Examples
    --------
    >>> from polytask.data import Bins
    >>> Bins(16, by="quantiles")
    Bins(n_bins=16, by='quantiles')
    """

    n_bins: int = 24
    by: str = "both"

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_bins": Interval(int, 2),
        "by": Choice(("quantiles", "atoms", "trees", "both")),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
