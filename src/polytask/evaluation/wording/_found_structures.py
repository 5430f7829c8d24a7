"""Which tasks share what, as searches found it, in a line per learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask._listing import first_names
from polytask.bookkeeping._shape_of_found import shape_of_found

__all__ = ["found_structures"]

_MOST_NAMES, _MOST_GROUPS = 6, 8


def found_structures(comparison: Mapping[str, Any]) -> str:
    """The structure that each searching learner found most often; empty if none searched.

    Parameters
    ----------
    comparison : mapping
        As `Comparison.to_dict` gives it.
    """
    lines = []
    for learner in comparison["learners"]:
        found = [run["found"] for run in learner["runs"] if "groups" in (run.get("found") or {})]
        if found:
            shapes = [shape_of_found(one) for one in found]
            most = max(shapes, key=shapes.count)
            often = shapes.count(most)
            runs = "" if len(found) == 1 else f" (in {often} of {len(found)} runs)"
            words = _in_words(found[shapes.index(most)])
            lines.append(f"found by {learner['name']}{runs}: {words}")
    return "\n".join(lines)


def _in_words(found: Mapping[str, Any]) -> str:
    """The groups of every stage, or of the whole network where all stages have the same."""
    stages = [
        _stage(groups, skipping)
        for groups, skipping in zip(found["groups"], found["skips"], strict=True)
    ]
    if len(set(stages)) == 1:
        return stages[0]
    return "; ".join(f"stage {number}: {stage}" for number, stage in enumerate(stages, 1))


def _stage(groups: Sequence[Sequence[str]], skipping: Sequence[str]) -> str:
    if not skipping and len(groups) == 1:
        return "all tasks together"
    if not skipping and all(len(group) == 1 for group in groups):
        return "every task apart"
    several = sorted(groups, key=len, reverse=True)
    parts = [_joined(group) for group in several[:_MOST_GROUPS]]
    if len(several) > len(parts):
        parts.append(f"and {len(several) - len(parts)} more groups")
    if skipping:
        parts.append(f"skipped by {first_names(skipping, _MOST_NAMES)}")
    return ", ".join(parts)


def _joined(group: Sequence[str]) -> str:
    shown = " + ".join(group[:_MOST_NAMES])
    return shown if len(group) <= _MOST_NAMES else f"{shown} + {len(group) - _MOST_NAMES} more"
