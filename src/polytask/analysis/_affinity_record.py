"""An estimate of which tasks help each other, with its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._listing import count
from polytask._plain import from_plain, to_plain
from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["AffinityRecord"]


@dataclass(frozen=True)
class AffinityRecord:
    """An estimate of which tasks help each other, with its cost.

    Attributes
    ----------
    name : str
        The affinity's name.
    tasks : tuple of str
    values : tuple of tuple of float or None
        Row i holds the affinity of task i to each task: how much task j helps it. None where it is
        not known, and on the diagonal.
    threshold : float
        Affinity from which tasks are taken to be related.
    seconds : float
        Spent on training and estimating.
    n_networks : int
        Networks trained for it.
    notes : tuple of str
        What is unusual, such as pairs that are not known.

    Examples
    --------
    >>> from polytask.analysis import AffinityRecord
    >>> record = AffinityRecord("mine", ("a", "b"), ((None, 0.5), (0.25, None)), 0.0, 1.5, 2)
    >>> print(record)
    mine   a      b
    a      -      0.500
    b      0.250  -
    """

    name: str
    tasks: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    threshold: float
    seconds: float
    n_networks: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        size = len(self.tasks)
        if len(self.values) != size or any(len(row) != size for row in self.values):
            expected = f"{size} rows of {size} values, one per task"
            got = [len(row) for row in self.values]
            raise ParameterError(message("AffinityRecord", "values", expected, got))

    @property
    def matrix(self) -> Float64[np.ndarray, "k k"]:
        """The values as an array, NaN where there is none."""
        return np.array(self.values, dtype=np.float64)

    def agreement(self, other: Any) -> float | None:
        """Spearman's rank correlation with another record, over the ordered pairs that both know.

        Parameters
        ----------
        other : AffinityRecord or TransferMap
            Of the same tasks.

        Returns
        -------
        float or None
            None for fewer than three pairs, or if all of one side are equal.

        Raises
        ------
        ParameterError
            If the tasks differ.
        """
        from scipy.stats import spearmanr

        if set(other.tasks) != set(self.tasks):
            expected = f"a record of the tasks {list(self.tasks)}"
            owner = "AffinityRecord.agreement"
            raise ParameterError(message(owner, "other", expected, list(other.tasks)))
        order = [other.tasks.index(task) for task in self.tasks]
        mine, theirs = self.matrix, other.matrix[np.ix_(order, order)]
        both = np.isfinite(mine) & np.isfinite(theirs) & ~np.eye(len(mine), dtype=bool)
        if both.sum() < 3 or np.ptp(mine[both]) == 0 or np.ptp(theirs[both]) == 0:
            return None
        return float(spearmanr(mine[both], theirs[both]).statistic)

    def to_frame(self) -> pl.DataFrame:
        """One row per ordered pair: `task`, `partner`, `affinity`."""
        pairs = [
            (task, partner, self.values[i][j])
            for i, task in enumerate(self.tasks)
            for j, partner in enumerate(self.tasks)
            if i != j
        ]
        schema = {"task": pl.String, "partner": pl.String, "affinity": pl.Float64}
        return pl.DataFrame(pairs, schema=schema, orient="row")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> AffinityRecord:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        return matrix_table(self.name, self.tasks, self.values)


_MOST_SHOWN = 12


def matrix_table(
    title: str, tasks: Sequence[str], values: Sequence[Sequence[float | None]], form: str = ".3f"
) -> str:
    """A matrix as text; of many tasks the first."""
    shown = tasks[:_MOST_SHOWN]
    rows = [[title, *shown]]
    for task, row in zip(shown, values, strict=False):
        cells = ["-" if value is None else f"{value:{form}}" for value in row[:_MOST_SHOWN]]
        rows.append([task, *cells])
    return aligned(rows, len(tasks) - len(shown))


def aligned(rows: Sequence[Sequence[str]], more_tasks: int = 0) -> str:
    """Rows of cells as lines whose cells stand below each other, and how many tasks have none."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(
        [*lines, *([f"and {count(more_tasks, 'further task')}"] if more_tasks else [])]
    )
