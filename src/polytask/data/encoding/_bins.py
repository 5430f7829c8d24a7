"""Bins of numeric columns: how their edges are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Choice, Constraint, Interval, check_parameters

__all__ = ["Bins"]


@dataclass(frozen=True)
class Bins:
    """How the values of every numeric column are divided into bins, by training rows alone.

    Parameters
    ----------
    n_bins : int, default 24
        Most bins per column.
    by : {"quantiles", "atoms", "trees", "both"}, default "both"
        How the edges between bins are chosen. With ``"both"``, which unites those of ``"atoms"``
        and ``"trees"``, a column may have twice as many bins.

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
