"""Values over runs and splits, and what units add to their mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics import Metric, MetricValue
from polytask.statistics._added import Added, added, added_difference, value_of
from polytask.statistics._answers import Answers

__all__ = [
    "Runs",
    "SplitPair",
    "added_by_difference",
    "added_by_value",
    "over_runs",
    "pair_runs",
    "sum_of",
    "units_per_split",
]


class SplitPair(NamedTuple):
    """One split: ours, theirs, and which run is held against which."""

    ours: Answers
    theirs: Answers
    runs: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Runs:
    """A number for each run of each split.

    Attributes
    ----------
    per_run : tuple of float or None
        Run by run, split by split.
    by_split : tuple of tuple of float
        The defined ones; splits without any are left out.
    undefined : str or None
        Why there is none, or in how many runs there is none.
    left_out : tuple of str
    """

    per_run: tuple[float | None, ...]
    by_split: tuple[tuple[float, ...], ...]
    undefined: str | None
    left_out: tuple[str, ...]

    @property
    def means(self) -> tuple[float, ...]:
        """Mean over runs, split by split."""
        return tuple(float(np.mean(runs)) for runs in self.by_split)

    @property
    def mean(self) -> float | None:
        """Mean over splits."""
        return float(np.mean(self.means)) if self.by_split else None


def over_runs(scored: Sequence[Sequence[MetricValue]]) -> Runs:
    """Gather the values of all runs (inner) of all splits (outer)."""
    flat = [result for of_split in scored for result in of_split]
    defined = [tuple(r.value for r in runs if r.value is not None) for runs in scored]
    reason = next((result.undefined for result in flat if result.value is None), None)
    missing = sum(result.value is None for result in flat)
    if missing and missing < len(flat):
        reason = f"undefined in {missing} of {len(flat)} runs ({reason})"
    return Runs(
        per_run=tuple(result.value for result in flat),
        by_split=tuple(runs for runs in defined if runs),
        undefined=reason,
        left_out=tuple(dict.fromkeys(name for result in flat for name in result.left_out)),
    )


def pair_runs(ours: Sequence[Answers], theirs: Sequence[Answers]) -> list[SplitPair]:
    """Which run of ours is held against which of theirs: the same one, or the only one."""
    if len(ours) != len(theirs) or not ours:
        expected = "one Answers per split on both sides"
        raise ParameterError(message("paired", "theirs", expected, f"{len(theirs)} splits"))
    return [
        SplitPair(mine, other, _pairs(mine, other))
        for mine, other in zip(ours, theirs, strict=True)
    ]


def _pairs(ours: Answers, theirs: Answers) -> list[tuple[int, int]]:
    same = ours.truth is theirs.truth or np.array_equal(ours.truth, theirs.truth, equal_nan=True)
    if not same or not np.array_equal(ours.units, theirs.units):
        expected = "on the same rows in the same order as ours"
        raise ParameterError(message("paired", "theirs", expected, theirs.truth))
    mine, other = len(ours.responses), len(theirs.responses)
    if mine != other and 1 not in {mine, other}:
        expected = f"of {mine} runs as ours, or of one"
        raise ParameterError(message("paired", "theirs", expected, f"{other} runs"))
    return [(run % mine, run % other) for run in range(max(mine, other))]


def added_by_value(metric: Metric, answers: Sequence[Answers]) -> Added:
    """What units add to the metric's mean over runs and splits."""
    return _mean(_added_by_run(metric, answers))


def units_per_split(metric: Metric, answers: Sequence[Answers]) -> list[int]:
    """How many units add something, in each split with a value."""
    return [len(runs[0].units) for runs in _added_by_run(metric, answers) if runs]


def _added_by_run(metric: Metric, answers: Sequence[Answers]) -> list[list[Added]]:
    """Run by run where it has a value, split by split."""
    return [
        [
            added(metric, one, run)
            for run in range(len(one.responses))
            if value_of(metric, one, run).defined
        ]
        for one in answers
    ]


def added_by_difference(metric: Metric, pairs: Sequence[SplitPair]) -> Added:
    """What units add to the difference's mean over runs and splits."""
    return _mean(
        [
            [
                added_difference(metric, ours, mine, theirs, other)
                for mine, other in runs
                if value_of(metric, ours, mine).defined and value_of(metric, theirs, other).defined
            ]
            for ours, theirs, runs in pairs
        ]
    )


def _mean(by_split: Sequence[Sequence[Added]]) -> Added:
    kept = [runs for runs in by_split if runs]
    return sum_of((1 / len(runs) / len(kept), one) for runs in kept for one in runs)


def sum_of(pieces: Iterable[tuple[float, Added]]) -> Added:
    """Weighted sum of what units add; blocks of units where some piece has only those."""
    parts = list(pieces)
    blocks = any(one.blocks for _, one in parts)
    if blocks:
        parts = [(share, one.in_blocks()) for share, one in parts]
    first = parts[0][1].units
    if all(np.array_equal(one.units, first) for _, one in parts):
        return Added(first, np.sum([share * one.amounts for share, one in parts], axis=0), blocks)
    units = np.unique(np.concatenate([one.units for _, one in parts]))
    total = np.zeros(len(units))
    for share, one in parts:
        total[np.searchsorted(units, one.units)] += share * one.amounts
    return Added(units, total, blocks)
