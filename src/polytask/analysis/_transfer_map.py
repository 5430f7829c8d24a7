"""The record of who gains from whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from polytask._plain import from_plain, to_plain
from polytask.analysis._affinity_record import matrix_table
from polytask.analysis._measured_gain import MeasuredGain
from polytask.analysis._transfer_words import words_of_map

__all__ = ["SampledGain", "TransferMap"]


@dataclass(frozen=True)
class SampledGain:
    """Mean gain of a task over random groups that hold another.

    Attributes
    ----------
    task, partner : str
    gain : float or None
        None where no group holds both.
    n_groups : int
        Groups that hold both.
    """

    task: str
    partner: str
    gain: float | None
    n_groups: int


@dataclass(frozen=True)
class TransferMap:
    """Who gains from whom: tasks alone, every pair, all together, and random groups.

    Attributes
    ----------
    tasks : tuple of str
    learner : str
        The network.
    metrics : mapping of task to str
        The metric that gains are measured in.
    alone : mapping of task to float or None
        Its value with the task's own network.
    pairs : tuple of MeasuredGain
        One per ordered pair; empty where pairs were not trained.
    together : tuple of MeasuredGain
        One per task, in the joint network of all.
    sampled : tuple of SampledGain
        One per ordered pair, from random groups; empty without them.
    measured : str
        Which rows were measured, in words.
    n_rows : int
        Their number.
    seconds : float
    n_networks : int
    steps : int
        Optimiser steps of all networks.
    notes : tuple of str
    """

    tasks: tuple[str, ...]
    learner: str
    metrics: Mapping[str, str]
    alone: Mapping[str, float | None]
    pairs: tuple[MeasuredGain, ...]
    together: tuple[MeasuredGain, ...]
    sampled: tuple[SampledGain, ...]
    measured: str
    n_rows: int
    seconds: float
    n_networks: int
    steps: int
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[tuple[float | None, ...], ...]:
        """Gain of task i (row) with task j (column): of pairs, or else of random groups."""
        known = {(g.task, _partner(g)): g.gain for g in self.pairs} or {
            (g.task, g.partner): g.gain for g in self.sampled
        }
        return tuple(tuple(known.get((i, j)) for j in self.tasks) for i in self.tasks)

    @property
    def matrix(self) -> Float64[np.ndarray, "k k"]:
        """`values` as an array, NaN where there is none."""
        return np.array(self.values, dtype=np.float64)

    @property
    def words(self) -> str:
        """One paragraph on what was found."""
        return words_of_map(self)

    def to_frame(self) -> pl.DataFrame:
        """One row per measured gain: task, group, gain, interval, p-values, verdict."""
        rows = [
            {
                "task": gain.task,
                "group": list(gain.group),
                "gain": gain.gain,
                "low": None if gain.interval is None else gain.interval[0],
                "high": None if gain.interval is None else gain.interval[1],
                "p": gain.p,
                "p_corrected": gain.p_corrected,
                "verdict": gain.verdict(),
            }
            for gain in (*self.pairs, *self.together)
        ]
        return pl.DataFrame(rows, schema=pl.Schema(_SCHEMA))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TransferMap:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        return "\n\n".join([*tables_of_map(self), self.words])


def tables_of_map(transfer: TransferMap) -> list[str]:
    """The gains as text; none where neither pairs nor random groups were trained."""
    values = transfer.values
    if all(value is None for row in values for value in row):
        return []
    percent = tuple(tuple(None if v is None else 100 * v for v in row) for row in values)
    return [matrix_table("gain of …, % | with …", transfer.tasks, percent, "+.1f")]


_SCHEMA: dict[str, Any] = {
    "task": pl.String,
    "group": pl.List(pl.String),
    "gain": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "p_corrected": pl.Float64,
    "verdict": pl.String,
}


def _partner(gain: MeasuredGain) -> str:
    first, second = gain.group
    return second if first == gain.task else first
