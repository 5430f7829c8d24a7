"""The record of which columns each task looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._listing import count
from polytask._plain import from_plain, to_plain
from polytask._validation import message
from polytask.analysis._affinity_record import aligned
from polytask.analysis._attribution_words import words_of_attributions
from polytask.analysis._overlap import overlap_of_shares, shares_of
from polytask.exceptions import ParameterError

__all__ = ["Attributions"]

Numbers = tuple[tuple[float | None, ...], ...]

_MOST_SHOWN = 12


@dataclass(frozen=True)
class Attributions:
    """Which columns each task looks at.

    Attributes
    ----------
    method : str
        The method's name.
    meaning : str
        What an importance is, as the end of “importance is …”.
    learner : str
    tasks : tuple of str
    columns : tuple of str
        Input columns; ``SOURCE/COLUMN`` where there are several sources.
    scales : mapping of task to str
        What a task's importances are measured in, such as the name of its first metric.
    importance : tuple of tuple of float or None
        Row i holds the importance of every column for task i; None where the task's sources lack the
        column, or the metric is undefined.
    low, high : tuple of tuple of float or None
        Ends of intervals at 95 %, each for itself.
    error : tuple of tuple of float or None
        Standard errors for new rows and trainings; what other training rows would change is in intervals alone.
    p : tuple of tuple of float or None
        p-values corrected by Holm for all tasks and columns; None for all of a method whose
        importances have no zero.
    measured : str
        Which rows were measured, in words.
    n_rows : int
    n_models : int
        Models that were fitted, or given.
    seconds : float
    notes : tuple of str
    """

    method: str
    meaning: str
    learner: str
    tasks: tuple[str, ...]
    columns: tuple[str, ...]
    scales: Mapping[str, str]
    importance: Numbers
    low: Numbers
    high: Numbers
    error: Numbers
    p: Numbers
    measured: str
    n_rows: int
    n_models: int
    seconds: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.tasks), len(self.columns))
        for name in ("importance", "low", "high", "error", "p"):
            rows = getattr(self, name)
            if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
                expected = f"{shape[0]} rows of {shape[1]} values, one per task and column"
                raise ParameterError(message("Attributions", name, expected, [*map(len, rows)]))

    @property
    def matrix(self) -> Float64[np.ndarray, "k c"]:
        """Importances as an array (tasks, columns), NaN where there is none."""
        return _array(self.importance)

    @property
    def has_zero(self) -> bool:
        """Whether importances were tested against 0."""
        return any(p is not None for row in self.p for p in row)

    @property
    def shares(self) -> Float64[np.ndarray, "k c"]:
        """Importances of each task as shares with sum 1.

        Those below 0, and those of less than one standard error where these are known, count as 0:
        the many small ones of columns that do not matter would otherwise add up. NaN for a task of
        which nothing is left.
        """
        return shares_of(self.matrix, _array(self.error))

    @property
    def overlap(self) -> Float64[np.ndarray, "k k"]:
        r"""How far two tasks look at the same columns: weighted Jaccard overlap of their shares.

        :math:`\sum_c \min(a_{ic}, a_{jc}) / \sum_c \max(a_{ic}, a_{jc})`, from 0 (no column in
        common) to 1 (the same columns to the same extent). It does not tell whether a column
        moves both tasks in one direction.
        """
        return overlap_of_shares(self.shares)

    @property
    def words(self) -> str:
        """One paragraph on what was found."""
        return words_of_attributions(self)

    def top(self, most: int = _MOST_SHOWN) -> tuple[str, ...]:
        """The columns of the largest mean share over tasks, the largest first.

        Parameters
        ----------
        most : int, default 12
        """
        mean = np.nan_to_num(self.shares).sum(axis=0)
        return tuple(self.columns[i] for i in np.argsort(-mean, kind="stable")[:most])

    def to_frame(self) -> pl.DataFrame:
        """One row per task and column: importance, interval, corrected p-value, share."""
        shares = self.shares
        rows = [
            {
                "task": task,
                "column": column,
                "importance": self.importance[i][j],
                "low": self.low[i][j],
                "high": self.high[i][j],
                "p_corrected": self.p[i][j],
                "share": None if np.isnan(shares[i, j]) else float(shares[i, j]),
            }
            for i, task in enumerate(self.tasks)
            for j, column in enumerate(self.columns)
        ]
        return pl.DataFrame(rows, schema=pl.Schema(_SCHEMA))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, `shares` and `overlap` among them."""
        return {**to_plain(self), "shares": _plain(self.shares), "overlap": _plain(self.overlap)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Attributions:
        """Read what `to_dict` wrote."""
        derived = {"shares", "overlap"}
        return from_plain(cls, {name: v for name, v in plain.items() if name not in derived})

    def __str__(self) -> str:
        top = [self.columns.index(name) for name in self.top()]
        values = _plain(100 * self.shares[:, top].T)
        table = _table("share, % | of …", [self.columns[i] for i in top], self.tasks, values)
        more = len(self.columns) - len(top)
        lines = [table, *([f"and {count(more, 'further column')}"] if more else [])]
        return "\n".join([*lines, "", self.words])


def _table(
    title: str, names: list[str], tasks: tuple[str, ...], values: list[list[float | None]]
) -> str:
    """Columns as rows and tasks as columns, so that long names of columns do no harm."""
    shown = tasks[:_MOST_SHOWN]
    rows = [[title, *shown]]
    for name, row in zip(names, values, strict=True):
        cells = ["-" if value is None else f"{value:.0f}" for value in row[: len(shown)]]
        rows.append([name, *cells])
    return aligned(rows, len(tasks) - len(shown))


def _array(values: Numbers) -> Float64[np.ndarray, "k c"]:
    return np.array(values, dtype=np.float64)


def _plain(values: Float64[np.ndarray, "r c"]) -> list[list[float | None]]:
    return [[None if np.isnan(v) else float(v) for v in row] for row in values]


_SCHEMA: dict[str, Any] = {
    "task": pl.String,
    "column": pl.String,
    "importance": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p_corrected": pl.Float64,
    "share": pl.Float64,
}
