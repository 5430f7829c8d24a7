"""Partitions held against training apart, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from polytask._listing import count
from polytask.analysis import GroupRuns
from polytask.analysis._measured_gain import mean_gain_of
from polytask.search._candidates import Candidate, Groups
from polytask.search._grouping import Answer, CandidateGain
from polytask.statistics import holm

__all__ = ["Choice", "choose", "measure_candidates"]


class Choice(NamedTuple):
    """The answer, its groups, and why."""

    answer: Answer
    groups: Groups
    why: str


def measure_candidates(
    runs: GroupRuns, candidates: Sequence[Candidate], *, corrected: bool
) -> list[CandidateGain]:
    """Train partitions and measure their gains over training apart."""
    runs.train([group for candidate in candidates for group in candidate.groups])
    n_tests = len(candidates) if corrected else 1
    results = {c.name: mean_gain_of(runs, c.groups, n_tests=n_tests) for c in candidates}
    p_values = holm({name: result.p for name, result in results.items()})
    return [
        CandidateGain(
            candidate.name,
            candidate.groups,
            results[candidate.name].value,
            results[candidate.name].interval,
            results[candidate.name].p,
            p_values[candidate.name] if corrected else None,
            dict(results[candidate.name].gains),
        )
        for candidate in candidates
    ]


def choose(
    runs: GroupRuns, measured: Sequence[CandidateGain], *, proposed: Sequence[str], alpha: float
) -> Choice:
    """The partition to train; apart unless one is better than apart beyond chance.

    Parameters
    ----------
    runs : GroupRuns
    measured : sequence of CandidateGain
    proposed : sequence of str
        Names of the first affinity's own proposals; the better of them stands unless another
        partition is better beyond chance.
    alpha : float
    """
    apart: Groups = tuple((task,) for task in runs.tasks)
    better = [
        one
        for one in measured
        if one.gain is not None
        and one.gain > 0
        and one.p_corrected is not None
        and one.p_corrected <= alpha
    ]
    if not better:
        return Choice("apart", apart, _why_apart(measured, alpha))
    best = max(better, key=lambda one: one.gain or 0.0)
    chosen, reason = best, f"{_gain(best)} over training apart, the largest gain of all candidates"
    own = [one for one in better if one.name in proposed]
    first = max(own, key=lambda one: one.gain or 0.0, default=None)
    if first is not None and first is not best:
        p = mean_gain_of(runs, best.groups, first.groups, len(measured)).p
        if p is None or p * (len(measured) - 1) > alpha:
            chosen = first
            reason = (
                f"{_gain(first)} over training apart; {best.name} gains {100 * (best.gain or 0):+.1f} "
                "%, no more than chance makes of equal partitions, and these groups are what the "
                "tasks' relations say"
            )
    return Choice("together" if len(chosen.groups) == 1 else "groups", chosen.groups, reason)


def _gain(one: CandidateGain) -> str:
    p = "" if one.p_corrected is None else f" (corrected p = {one.p_corrected:.2g})"
    return f"they gain {100 * (one.gain or 0.0):+.1f} %{p}"


def _why_apart(measured: Sequence[CandidateGain], alpha: float) -> str:
    known = [one for one in measured if one.gain is not None]
    if not known:
        return "no gain of a candidate is defined"
    if all(one.p is None for one in known):
        return "the measured rows are too few to test any gain"
    best = max(known, key=lambda one: one.gain or 0.0)
    p = "" if best.p_corrected is None else f", corrected p = {best.p_corrected:.2g}"
    gain = best.gain or 0.0
    change = f"{'gains' if gain >= 0 else 'loses'} {abs(100 * gain):.1f} %"
    what = f"{count(len(known), 'partition')} trained against them"
    return (
        f"of {what}, the best ({best.name}) {change}{p}: sharing is "
        f"{'not shown to help' if gain >= 0 or not _shown(best, alpha) else 'shown to harm'}"
    )


def _shown(one: CandidateGain, alpha: float) -> bool:
    """Whether a difference from training apart is shown at a level."""
    return one.p_corrected is not None and one.p_corrected <= alpha
