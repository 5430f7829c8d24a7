"""Policies that a search trains: which task shares, copies or skips which stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from polytask.search._structure_nodes import SKIPPED, Structure, canonical

__all__ = ["likeliest", "neighbour_policies", "simple_policies"]

_SHARE, _COPY = 0, 1


def simple_policies(n_tasks: int, skippable: Sequence[bool]) -> list[Structure]:
    """All tasks share the first stages and copy the others, or the other way; all skip one stage."""
    n_stages, shared, own = len(skippable), [0] * n_tasks, list(range(n_tasks))
    depths = range(1, n_stages)
    found = [[shared] * depth + [own] * (n_stages - depth) for depth in depths]
    found += [[own] * depth + [shared] * (n_stages - depth) for depth in depths]
    found += [
        [[SKIPPED] * n_tasks if k == stage else others for k in range(n_stages)]
        for stage, may_skip in enumerate(skippable)
        if may_skip
        for others in (shared, own)
    ]
    return [canonical(stages) for stages in found]


def neighbour_policies(policy: Structure, skippable: Sequence[bool]) -> list[Structure]:
    """Policies in which one task chooses otherwise at one stage, or at all of them.

    Tasks that copy have a copy each; all others but those that skip share one.
    """
    n_tasks = len(policy[0])
    choices = [_choices(stage) for stage in policy]
    found = [
        [_with(own, task, choice) for own in choices]
        for task in range(n_tasks)
        for choice in (_SHARE, _COPY)
    ]
    found += [
        [*choices[:depth], _with(own, task, choice), *choices[depth + 1 :]]
        for task in range(n_tasks)
        for depth, own in enumerate(choices)
        for choice in (_SHARE, _COPY, *([SKIPPED] if skippable[depth] else []))
    ]
    moves = dict.fromkeys(canonical([_nodes(stage) for stage in one]) for one in found)
    return [move for move in moves if move != canonical(policy)]


def likeliest(
    policies: Sequence[Structure],
    probabilities: Float64[np.ndarray, "stages tasks 3"],
    most: int,
) -> list[Structure]:
    """The policies whose choices have the highest probabilities of sharing, copying and skipping."""
    known = np.log(np.maximum(probabilities, 1e-12))

    def total(policy: Structure) -> float:
        choices = np.array([_choices(stage) for stage in policy])
        return float(np.take_along_axis(known, choices[..., None] % 3, axis=2).sum())

    return sorted(policies, key=total, reverse=True)[:most]


def _choices(stage: Sequence[int]) -> list[int]:
    """What every task does: a copy that it has for itself is a copy."""
    return [
        SKIPPED if node == SKIPPED else _SHARE if stage.count(node) > 1 else _COPY for node in stage
    ]


def _with(choices: Sequence[int], task: int, choice: int) -> list[int]:
    return [choice if k == task else own for k, own in enumerate(choices)]


def _nodes(choices: Sequence[int]) -> list[int]:
    """The number of the copy of every task: 0 of those that share."""
    return [k + 1 if choice == _COPY else choice for k, choice in enumerate(choices)]
