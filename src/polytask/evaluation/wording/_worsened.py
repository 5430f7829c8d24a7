"""Sentences on tasks whose validation got worse in joint training while others improved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polytask._listing import first_and_more
from polytask.bookkeeping import History, worsened_tasks

__all__ = ["worsened_notes"]


def worsened_notes(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """A sentence per joint learner that names tasks which got worse in at least half of its runs.

    Parameters
    ----------
    histories : mapping of learner to sequence of mapping
        `History.to_dict` of the kept run of each repetition; {} of learners without epochs.
    """
    return [
        sentence
        for learner, runs in histories.items()
        if (sentence := _sentence(learner, [_worsened(run) for run in runs]))
    ]


def _worsened(history: Mapping[str, Any]) -> dict[str, float]:
    return worsened_tasks(History.from_dict(history)) if history else {}


def _sentence(learner: str, runs: Sequence[Mapping[str, float]]) -> str:
    counts = _counts(name for run in runs for name in run)
    often = {name: n for name, n in counts.items() if 2 * n >= len(runs)}
    if not often:
        return ""
    named = [
        f"{name} ({_share(name, runs):.0%} of what it had gained, {n} of {len(runs)} runs)"
        for name, n in often.items()
    ]
    tasks = "Tasks" if len(often) > 1 else "A task"
    return (
        f"{tasks} of {learner} got worse on validation rows while the others improved: "
        f"{first_and_more(named)}. Negative transfer is likely where single-task training is "
        "better; train such tasks apart, or in other groups."
    )


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _share(name: str, runs: Sequence[Mapping[str, float]]) -> float:
    """Mean share that was lost, over the runs in which it was."""
    lost = [run[name] for run in runs if name in run]
    return sum(lost) / len(lost)
