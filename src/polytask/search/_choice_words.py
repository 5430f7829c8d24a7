"""Why a partition is chosen, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask._listing import count
from polytask.search._grouping import CandidateGain

__all__ = ["about_random", "gain_in_words", "mean_gain", "why_apart"]


def mean_gain(random: Sequence[CandidateGain]) -> float | None:
    """Mean gain of random groups; None without any."""
    gains = [one.gain for one in random if one.gain is not None]
    return float(np.mean(gains)) if gains else None


def gain_in_words(one: CandidateGain) -> str:
    """Gain of a partition over training apart, with its p-value."""
    p = "" if one.p_corrected is None else f" (corrected p = {one.p_corrected:.2g})"
    return f"{100 * (one.gain or 0.0):+.1f} %{p}"


def about_random(
    groups: CandidateGain | None,
    random: Sequence[CandidateGain],
    as_random: float | None,
    *,
    matters: bool,
) -> str:
    """A sentence on random groups of the same sizes; empty where none were trained.

    Parameters
    ----------
    groups : CandidateGain or None
        The groups that affinities propose.
    random : sequence of CandidateGain
    as_random : float or None
        p-value of “random groups gain as much”.
    matters : bool
        Whether they are shown to gain less.
    """
    mean = mean_gain(random)
    if groups is None or mean is None:
        return ""
    tested = "" if as_random is None else f" (p = {as_random:.2g})"
    if matters:
        how = f", less than these{tested}: it matters which tasks are together"
    else:
        less = (
            f", less, but no more than chance makes{tested}" if mean < (groups.gain or 0.0) else ""
        )
        how = f"{less}: which tasks are together makes no difference that shows"
    return f". Random groups of the sizes of {groups.name} gain {100 * mean:+.1f} % on average{how}"


def why_apart(measured: Sequence[CandidateGain]) -> str:
    """Why no partition is better than training apart."""
    known = [one for one in measured if one.gain is not None]
    if not known:
        return "no gain of a candidate is defined"
    if all(one.p is None for one in known):
        return "the measured rows are too few to test any gain"
    best = max(known, key=lambda one: one.gain or 0.0)
    gain = best.gain or 0.0
    change = f"{'gains' if gain >= 0 else 'loses'} {abs(100 * gain):.1f} %"
    p = "" if best.p_corrected is None else f", corrected p = {best.p_corrected:.2g}"
    what = f"{count(len(known), 'partition')} trained against them"
    harms = best.interval is not None and best.interval[1] < 0
    shown = "shown to harm" if harms else "not shown to help"
    return f"of {what}, the best ({best.name}) {change}{p}: sharing is {shown}"
