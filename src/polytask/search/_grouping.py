"""The record of which tasks belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from polytask._plain import from_plain, to_plain
from polytask.analysis import AffinityRecord
from polytask.search._grouping_words import table_of_candidates, words_of_grouping

__all__ = ["Answer", "CandidateGain", "Grouping"]

Answer = Literal["groups", "together", "apart"]


@dataclass(frozen=True)
class CandidateGain:
    """A partition of the tasks, measured against training apart.

    Attributes
    ----------
    name : str
        Where it comes from, such as "prediction_similarity > 0.5", "together" or "random 1".
    groups : tuple of tuple of str
    gain : float or None
        Mean relative gain of the primary tasks over training apart, as a fraction.
    interval : (low, high) or None
    p : float or None
        p-value of “the partition is no better than training apart”; None with too few rows.
    p_corrected : float or None
        By Holm's correction for all candidates; None for random groups, which are no candidates.
    gains : mapping of task to float
    """

    name: str
    groups: tuple[tuple[str, ...], ...]
    gain: float | None
    interval: tuple[float, float] | None
    p: float | None
    p_corrected: float | None
    gains: Mapping[str, float]


@dataclass(frozen=True)
class Grouping:
    """Which tasks belong together, verified by training.

    Attributes
    ----------
    tasks : tuple of str
    learner : str
        The network.
    answer : {"groups", "together", "apart"}
    groups : tuple of tuple of str
        The chosen partition.
    candidates : tuple of CandidateGain
        Partitions that were trained and compared.
    random : tuple of CandidateGain
        Random groups of the sizes of those that are better than training apart; empty if none are.
    over_random : float or None
        p-value of “the random groups that were drawn gain as much on average”: it speaks of these, not
        of all groups of their sizes. None without random groups.
    affinities : tuple of AffinityRecord
        What the candidates come from.
    search_note : str
        How partitions were searched, and whether exactly.
    why : str
        Why this answer was chosen.
    measured : str
        Which rows were measured, in words.
    n_rows : int
    seconds : float
    n_networks : int
        Networks trained in all.
    steps : int
        Optimiser steps of all networks.
    notes : tuple of str
    """

    tasks: tuple[str, ...]
    learner: str
    answer: Answer
    groups: tuple[tuple[str, ...], ...]
    candidates: tuple[CandidateGain, ...]
    random: tuple[CandidateGain, ...]
    over_random: float | None
    affinities: tuple[AffinityRecord, ...]
    search_note: str
    why: str
    measured: str
    n_rows: int
    seconds: float
    n_networks: int
    steps: int
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """One paragraph: the answer, what it rests on, and its cost."""
        return words_of_grouping(self)

    def to_frame(self) -> pl.DataFrame:
        """One row per measured partition: name, groups, gain, interval, p-values."""
        rows = [
            {
                "partition": one.name,
                "groups": [list(group) for group in one.groups],
                "gain": one.gain,
                "low": None if one.interval is None else one.interval[0],
                "high": None if one.interval is None else one.interval[1],
                "p": one.p,
                "p_corrected": one.p_corrected,
                "chosen": one.groups == self.groups and one in self.candidates,
            }
            for one in (*self.candidates, *self.random)
        ]
        return pl.DataFrame(rows, schema=pl.Schema(_SCHEMA))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Grouping:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        return f"{table_of_candidates(self)}\n\n{self.words}"


_SCHEMA: dict[str, Any] = {
    "partition": pl.String,
    "groups": pl.List(pl.List(pl.String)),
    "gain": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "p_corrected": pl.Float64,
    "chosen": pl.Boolean,
}
