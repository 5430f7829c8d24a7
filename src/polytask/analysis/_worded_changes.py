"""Tested gains in plain words, by their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from polytask._listing import enumerated
from polytask.analysis._measured_gain import worded_gain

if TYPE_CHECKING:
    from polytask.analysis._measured_gain import Tested

__all__ = ["worded_changes"]

_MOST = 3


def worded_changes(
    gains: Sequence[Tested], verbs: Mapping[str, str], named: Callable[[Tested], str]
) -> str:
    """How many gains have each verdict, and the largest of these; empty where there are none.

    Parameters
    ----------
    gains : sequence of MeasuredGain or SourceEffect
    verbs : mapping of str to str
        Plural verbs by verdict.
    named : callable
        Names the pair of a gain.
    """
    sentences = []
    for verdict, verb in verbs.items():
        own = [gain for gain in gains if gain.verdict() == verdict]
        if own:
            sentences.append(f"{len(own)} {verb} ({_largest(own, named)})")
    return enumerated(sentences) if sentences else ""


def _largest(gains: Sequence[Tested], named: Callable[[Tested], str]) -> str:
    ordered = sorted(gains, key=lambda gain: -abs(gain.gain or 0.0))
    shown = [f"{named(gain)} {worded_gain(gain.gain)}" for gain in ordered[:_MOST]]
    more = len(ordered) - len(shown)
    return ", ".join(shown) + (f", and {more} more" if more else "")
