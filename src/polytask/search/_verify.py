"""Partitions held against training apart, all together and random groups, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from polytask.analysis import GroupRuns
from polytask.analysis._measured_gain import mean_gain_of, mean_gain_over_several
from polytask.search._candidates import Candidate, Groups
from polytask.search._choice_words import about_random, gain_in_words, mean_gain, why_apart
from polytask.search._grouping import Answer, CandidateGain
from polytask.statistics import PairedGain, holm

__all__ = ["Choice", "best_groups", "choose", "measure_candidates", "over_random"]


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
    p_values = {name: _no_better(result) for name, result in results.items()}
    holms = holm(p_values) if corrected else {}
    return [
        CandidateGain(
            candidate.name,
            candidate.groups,
            results[candidate.name].value,
            results[candidate.name].interval,
            p_values[candidate.name],
            holms.get(candidate.name),
            dict(results[candidate.name].gains),
        )
        for candidate in candidates
    ]


def best_groups(
    runs: GroupRuns, measured: Sequence[CandidateGain], *, proposed: Sequence[str], alpha: float
) -> CandidateGain | None:
    """The groups that may be recommended: several, and better than training apart beyond chance.

    Parameters
    ----------
    runs : GroupRuns
    measured : sequence of CandidateGain
    proposed : sequence of str
        Names of the first affinity's own proposals; the better of them stands unless another
        proposal is better beyond chance.
    alpha : float
    """
    several = [one for one in _better(measured, alpha) if len(one.groups) > 1]
    best = max(several, key=_gain, default=None)
    first = max((one for one in several if one.name in proposed), key=_gain, default=None)
    if best is None or first is None or first is best:
        return best
    shown = _shown(mean_gain_of(runs, best.groups, first.groups).p, alpha / (len(several) - 1))
    return best if shown else first


def over_random(
    runs: GroupRuns, groups: CandidateGain | None, random: Sequence[CandidateGain]
) -> float | None:
    """p-value of “random groups of the same sizes gain as much on average”; None without any."""
    known = [one.groups for one in random if one.gain is not None]
    if groups is None or not known:
        return None
    return _no_better(mean_gain_over_several(runs, groups.groups, known))


def choose(
    runs: GroupRuns,
    measured: Sequence[CandidateGain],
    *,
    groups: CandidateGain | None,
    random: Sequence[CandidateGain],
    as_random: float | None,
    alpha: float,
) -> Choice:
    """The partition to train; apart unless one is better than apart beyond chance.

    Parameters
    ----------
    runs : GroupRuns
    measured : sequence of CandidateGain
    groups : CandidateGain or None
        As of `best_groups`.
    random : sequence of CandidateGain
        Random groups of their sizes.
    as_random : float or None
        As of `over_random`.
    alpha : float
        Whether it matters which tasks are together is tested at twice the level, since affinities
        propose groups without gains; of the proposals of one, the better is tested, which is not
        corrected for.
    """
    together = next((one for one in _better(measured, alpha) if len(one.groups) == 1), None)
    matters = _shown(as_random, 2 * alpha)
    words = about_random(groups, random, as_random, matters=matters)
    if groups is None and together is None:
        apart: Groups = tuple((task,) for task in runs.tasks)
        return Choice("apart", apart, why_apart(measured))
    if groups is None or together is None:
        chosen: Any = together if groups is None else groups
        other = next((one for one in measured if one is not chosen and len(one.groups) == 1), None)
        beside = "" if other is None else ", which all together is not shown to do"
        return _choice(chosen, f"over training apart{beside}{words}")
    difference = mean_gain_of(runs, groups.groups, together.groups)
    at_random = mean_gain(random)
    as_well = at_random is not None and at_random >= _gain(groups)
    if _shown(difference.p, alpha):
        chosen = groups if (difference.tested or 0.0) > 0 else together
        reason = f", and the difference is shown (p = {difference.p:.2g})"
    else:
        chosen = groups if matters else together if as_well else max(together, groups, key=_gain)
        reason = ". No difference between the two is shown"
        reason += ", and one network is simplest" if chosen is together else ""
    other = together if chosen is groups else groups
    than = "all together gain" if other is together else f"the groups of {other.name} gain"
    rest = f"over training apart; {than} {gain_in_words(other)}{reason}{words}"
    return _choice(chosen, rest)


def _choice(chosen: CandidateGain, rest: str) -> Choice:
    answer: Answer = "together" if len(chosen.groups) == 1 else "groups"
    return Choice(answer, chosen.groups, f"they gain {gain_in_words(chosen)} {rest}")


def _better(measured: Sequence[CandidateGain], alpha: float) -> list[CandidateGain]:
    """Partitions that are better than training apart beyond chance."""
    return [one for one in measured if _gain(one) > 0 and _shown(one.p_corrected, alpha)]


def _gain(one: CandidateGain) -> float:
    return -np.inf if one.gain is None else one.gain


def _shown(p: float | None, alpha: float) -> bool:
    return p is not None and p <= alpha


def _no_better(result: PairedGain) -> float | None:
    """p-value of “this is no better”, of the one side that a choice asks for."""
    if result.p is None or result.tested is None:
        return None
    return result.p / 2 if result.tested > 0 else 1 - result.p / 2
