"""A found structure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytask._listing import count, enumerated, first_names

if TYPE_CHECKING:
    from polytask.search._structure import FoundStructure

__all__ = ["words_of_structure"]

_SHOWN = 6


def words_of_structure(found: FoundStructure) -> str:
    """Who shares each stage, by which losses, and what the search took."""
    stages = [_stage(found, stage) for stage in range(len(found.groups))]
    return (
        f"{' '.join(stages)} The stages have {100 * found.share:.0f} % of the parameters of a network "
        f"per task. {_choice(found)} {found.learner} took {found.steps:,} optimiser steps "
        f"({found.seconds:.1f} s) for these {count(found.n_networks, 'network')}, on {found.weight_rows:,} "
        f"training rows, and compared them on {found.policy_rows:,} others; {_anew(found)}"
    )


def _anew(found: FoundStructure) -> str:
    """What was trained in the end."""
    if found.all_apart:
        return "networks of single tasks were then trained, each stopped by itself."
    return "the network was then trained anew."


def _choice(found: FoundStructure) -> str:
    """Why this structure, and its losses."""
    level = f"at a level of {100 * found.alpha:g} %"
    trained = count(len(found.trained), "structure")
    rows = "on training rows held out"
    if found.all_apart:
        return (
            f"None of {trained} that were trained is shown to be better than all tasks apart ({level}): "
            f"the loss {rows} is {found.apart:.3f} apart and {found.together:.3f} all together."
        )
    return (
        f"{trained.capitalize()} were trained. Of those that are better than all tasks apart beyond chance "
        f"({level}), this is the smallest that none beats beyond chance or by more than 5 %: its loss {rows} is "
        f"{found.loss:.3f}, where all tasks apart have {found.apart:.3f} and all together "
        f"{found.together:.3f}."
    )


def _stage(found: FoundStructure, stage: int) -> str:
    """A sentence on one stage."""
    groups, skipping = found.groups[stage], found.skips[stage]
    joint = [group for group in groups if len(group) > 1]
    alone = [name for group in groups if len(group) == 1 for name in group]
    if len(joint) == 1 and not alone and not skipping:
        return f"All tasks share stage {stage + 1}."
    if not joint and not skipping:
        return f"Every task has a stage {stage + 1} of its own."
    parts = []
    if joint:
        shared = [first_names(group, _SHOWN) for group in joint]
        listed = "; ".join(shared[:_SHOWN]) + ("; …" if len(shared) > _SHOWN else "")
        parts.append(f"is shared in {count(len(joint), 'group')} ({listed})")
    if alone:
        parts.append(f"is copied for {first_names(alone, _SHOWN)}")
    if skipping:
        parts.append(f"is skipped by {first_names(skipping, _SHOWN)}")
    return f"Stage {stage + 1} {enumerated(parts)}."
