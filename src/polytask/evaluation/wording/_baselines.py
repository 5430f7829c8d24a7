"""Notes on baselines that share a name."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._listing import enumerated
from polytask._paths import differing
from polytask._validation import describe
from polytask.evaluation.running._candidates import Candidate

__all__ = ["baseline_notes"]

_MOST_SETTINGS, _MOST_LETTERS = 3, 40


def baseline_notes(candidates: Sequence[Candidate]) -> list[str]:
    """Why a second baseline of one name, such as ``single_task (hierarchical)``, takes part."""
    by_name = {candidate.name: candidate for candidate in candidates}
    notes = []
    for candidate in candidates:
        own = candidate.learner.name
        served = [other.name for other in candidates if other.baseline == candidate.name]
        if served and candidate.name != own and own in by_name:
            notes.append(_note(candidate, by_name[own], served))
    return notes


def _note(candidate: Candidate, first: Candidate, served: Sequence[str]) -> str:
    mine, others = differing([candidate.learner, first.learner])
    changes = [
        f"{path} {describe(value, _MOST_LETTERS)}, not {describe(others[path], _MOST_LETTERS)}"
        if path in others
        else f"{path} {describe(value, _MOST_LETTERS)}"
        for path, value in mine.items()
    ]
    more = f"; {len(changes) - _MOST_SETTINGS} more" if len(changes) > _MOST_SETTINGS else ""
    settings = f" ({'; '.join(changes[:_MOST_SETTINGS])}{more})" if changes else ""
    return (
        f"{candidate.name} is the single-task baseline of {enumerated(served)}, whose settings are "
        f"other than those of {first.name}{settings}: a joint learner is compared with a baseline "
        "that has its own settings. Δm in the table is over the first baseline."
    )
