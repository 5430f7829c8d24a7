"""The record of which task helped which, and which of its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._plain import from_plain, to_plain
from polytask.analysis._affinity_record import aligned
from polytask.analysis._source_words import words_of_sources

__all__ = ["HelpedRow", "HelpedRows", "SourceEffect", "SourceTasks"]

_MOST_SHOWN = 12


@dataclass(frozen=True)
class SourceEffect:
    """How much one task gains from the labels of another, in the network of all.

    Attributes
    ----------
    task : str
        The task that is predicted.
    source : str
        The task that is left out.
    gain : float or None
        Relative improvement of the task's first metric by the source task, as a fraction; None where it
        is undefined.
    interval : (low, high) or None
        Holds for all pairs together, by Bonferroni's correction.
    p : float or None
        p-value of “with and without are exchangeable”.
    p_corrected : float or None
        By Holm's correction for all pairs.
    helped : float or None
        Share of the task's rows whose part in the metric is better with the source task.
    undefined : str or None
        Why there is no gain.
    """

    task: str
    source: str
    gain: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    p_corrected: float | None = None
    helped: float | None = None
    undefined: str | None = None

    def verdict(self, alpha: float = 0.05) -> str:
        """Whether the source task helps, harms, or no difference is shown."""
        if self.gain is None or self.p_corrected is None or self.p_corrected > alpha:
            return "no difference shown"
        return "helps" if self.gain > 0 else "harms"


@dataclass(frozen=True)
class HelpedRows:
    """How much each source task helped the predictions of one task, row by row.

    Attributes
    ----------
    table : tuple of str
        Name of the data source of every row.
    row : tuple of int
        Position of every row in the user's table.
    values : tuple of tuple of float or None
        Row r holds how much each source task helped there, in the units of the task's first metric,
        positive for help; None where the metric has no part per row.
    """

    table: tuple[str, ...]
    row: tuple[int, ...]
    values: tuple[tuple[float | None, ...], ...]

    @property
    def matrix(self) -> Float64[np.ndarray, "n s"]:
        """The values as an array (rows, source tasks), NaN where there is none."""
        return np.array(self.values, dtype=np.float64)


@dataclass(frozen=True)
class HelpedRow:
    """A prediction that a source task helped, or harmed, much.

    Attributes
    ----------
    task, source : str
    table : str
    row : int
        Position in the user's table.
    value : float
        In the units of the task's first metric, positive for help.
    agreeing : int
        Trainings in which it has that sign.
    """

    task: str
    source: str
    table: str
    row: int
    value: float
    agreeing: int


@dataclass(frozen=True)
class SourceTasks:
    """Which task helped which, and which of its predictions, in the network of all tasks.

    Attributes
    ----------
    tasks : tuple of str
    sources : tuple of str
        Tasks that were left out, one at a time.
    learner : str
    metrics : mapping of task to str
        The metric that help is measured in.
    effects : tuple of SourceEffect
        One per task and other source task.
    rows : mapping of task to HelpedRows
        Of at most 1000 rows per task; columns are `sources`.
    extremes : tuple of HelpedRow
        Predictions that were helped or harmed most, per task the first and the last.
    measured : str
        Which rows were measured, in words.
    n_rows : int
    n_rounds : int
        Trainings that predict each row.
    n_networks : int
        Networks trained for it, those of other analyses not counted.
    seconds : float
    notes : tuple of str
    """

    tasks: tuple[str, ...]
    sources: tuple[str, ...]
    learner: str
    metrics: Mapping[str, str]
    effects: tuple[SourceEffect, ...]
    rows: Mapping[str, HelpedRows]
    extremes: tuple[HelpedRow, ...]
    measured: str
    n_rows: int
    n_rounds: int
    n_networks: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[tuple[float | None, ...], ...]:
        """Gain of task i (row) by source task j (column); None where there is none."""
        known = {(effect.task, effect.source): effect.gain for effect in self.effects}
        return tuple(tuple(known.get((i, j)) for j in self.sources) for i in self.tasks)

    @property
    def matrix(self) -> Float64[np.ndarray, "k s"]:
        """`values` as an array, NaN where there is none."""
        return np.array(self.values, dtype=np.float64)

    @property
    def words(self) -> str:
        """One paragraph on what was found."""
        return words_of_sources(self)

    def to_frame(self) -> pl.DataFrame:
        """One row per task and source task: gain, interval, p-values, share of rows helped."""
        rows = [
            {
                "task": effect.task,
                "source": effect.source,
                "gain": effect.gain,
                "low": None if effect.interval is None else effect.interval[0],
                "high": None if effect.interval is None else effect.interval[1],
                "p": effect.p,
                "p_corrected": effect.p_corrected,
                "helped": effect.helped,
                "verdict": effect.verdict(),
            }
            for effect in self.effects
        ]
        return pl.DataFrame(rows, schema=pl.Schema(_SCHEMA))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SourceTasks:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        shown, sources = self.tasks[:_MOST_SHOWN], self.sources[:_MOST_SHOWN]
        rows = [["gain of …, % | by …", *sources]]
        for task, values in zip(shown, self.values, strict=False):
            cells = ["-" if v is None else f"{100 * v:+.1f}" for v in values[: len(sources)]]
            rows.append([task, *cells])
        return "\n".join([aligned(rows, len(self.tasks) - len(shown)), "", self.words])


_SCHEMA: dict[str, Any] = {
    "task": pl.String,
    "source": pl.String,
    "gain": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "p_corrected": pl.Float64,
    "helped": pl.Float64,
    "verdict": pl.String,
}
