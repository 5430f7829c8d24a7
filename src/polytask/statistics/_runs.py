"""Values over runs and splits, and contributions of units to their mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics import Metric, MetricValue
from polytask.statistics._answers import Answers
from polytask.statistics._contributions import (
    Contributions,
    contributions,
    difference_contributions,
    value_of,
)

__all__ = [
    "Runs",
    "SplitPair",
    "mean_contributions",
    "mean_difference_contributions",
    "over_runs",
    "pair_runs",
    "sum_of",
    "units_per_split",
]


class SplitPair(NamedTuple):
    """Answers of two learners on one split, and the pairs of runs that are compared."""

    learner: Answers
    baseline: Answers
    runs: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Runs:
    """The values of all runs of all splits.

    Attributes
    ----------
    per_run : tuple of float or None
        Values per split and run.
    by_split : tuple of tuple of float
        Defined values per split; splits without any are left out.
    undefined : str or None
        Why there is no value, or in how many runs it is undefined.
    left_out : tuple of str
    """

    per_run: tuple[float | None, ...]
    by_split: tuple[tuple[float, ...], ...]
    undefined: str | None
    left_out: tuple[str, ...]

    @property
    def means(self) -> tuple[float, ...]:
        """Mean over runs, per split."""
        return tuple(float(np.mean(runs)) for runs in self.by_split)

    @property
    def mean(self) -> float | None:
        """Mean over splits of the means over runs."""
        return float(np.mean(self.means)) if self.by_split else None


def over_runs(scored: Sequence[Sequence[MetricValue]]) -> Runs:
    """Collect the values of all splits (outer) and runs (inner)."""
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


def pair_runs(learner: Sequence[Answers], baseline: Sequence[Answers]) -> list[SplitPair]:
    """Pair each run of the learner with the same, or the only, run of the baseline."""
    if len(learner) != len(baseline) or not learner:
        expected = "one Answers per split on both sides"
        raise ParameterError(message("paired", "baseline", expected, f"{len(baseline)} splits"))
    return [
        SplitPair(answers, others, _run_pairs(answers, others))
        for answers, others in zip(learner, baseline, strict=True)
    ]


def _run_pairs(learner: Answers, baseline: Answers) -> list[tuple[int, int]]:
    same = learner.truth is baseline.truth or np.array_equal(
        learner.truth, baseline.truth, equal_nan=True
    )
    if not same or not np.array_equal(learner.units, baseline.units):
        expected = "on the same rows in the same order as `learner`"
        raise ParameterError(message("paired", "baseline", expected, baseline.truth))
    n_runs, n_baseline = len(learner.responses), len(baseline.responses)
    if n_runs != n_baseline and 1 not in {n_runs, n_baseline}:
        expected = f"of {n_runs} runs as `learner`, or of one"
        raise ParameterError(message("paired", "baseline", expected, f"{n_baseline} runs"))
    return [(run % n_runs, run % n_baseline) for run in range(max(n_runs, n_baseline))]


def mean_contributions(metric: Metric, answers: Sequence[Answers]) -> Contributions:
    """Contributions of units to the metric's mean over runs and splits."""
    return _mean(_contributions_by_run(metric, answers))


def units_per_split(metric: Metric, answers: Sequence[Answers]) -> list[int]:
    """Number of contributing units in each split with a value."""
    return [len(runs[0].units) for runs in _contributions_by_run(metric, answers) if runs]


def _contributions_by_run(metric: Metric, answers: Sequence[Answers]) -> list[list[Contributions]]:
    """Contributions per split and run in which the metric is defined."""
    return [
        [
            contributions(metric, split, run)
            for run in range(len(split.responses))
            if value_of(metric, split, run).defined
        ]
        for split in answers
    ]


def mean_difference_contributions(metric: Metric, pairs: Sequence[SplitPair]) -> Contributions:
    """Contributions of units to the mean difference over runs and splits."""
    return _mean(
        [
            [
                difference_contributions(metric, learner, run, baseline, other)
                for run, other in runs
                if value_of(metric, learner, run).defined
                and value_of(metric, baseline, other).defined
            ]
            for learner, baseline, runs in pairs
        ]
    )


def _mean(by_split: Sequence[Sequence[Contributions]]) -> Contributions:
    kept = [runs for runs in by_split if runs]
    return sum_of((1 / len(runs) / len(kept), run) for runs in kept for run in runs)


def sum_of(weighted: Iterable[tuple[float, Contributions]]) -> Contributions:
    """Weighted sum of contributions; in blocks of units if any term has only blocks."""
    terms = list(weighted)
    blocks = any(term.blocks for _, term in terms)
    if blocks:
        terms = [(weight, term.in_blocks()) for weight, term in terms]
    first = terms[0][1].units
    if all(np.array_equal(term.units, first) for _, term in terms):
        amounts = np.sum([weight * term.amounts for weight, term in terms], axis=0)
        return Contributions(first, amounts, blocks)
    units = np.unique(np.concatenate([term.units for _, term in terms]))
    total = np.zeros(len(units))
    for weight, term in terms:
        total[np.searchsorted(units, term.units)] += weight * term.amounts
    return Contributions(units, total, blocks)
