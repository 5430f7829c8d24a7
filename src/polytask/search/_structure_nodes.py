"""Structures as numbers: per stage, the copy that each task goes through."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._listing import names_by_key
from polytask.search._structure import Groups

__all__ = ["SKIPPED", "Structure", "canonical", "groups_of", "skips_of", "structure_of"]

SKIPPED = -1
"""In place of the number of a copy where a task skips the stage."""

Structure = tuple[tuple[int, ...], ...]
"""Per stage, from the inputs up, the number of the copy of each task, in the order of the tasks."""


def canonical(stages: Sequence[Sequence[int]]) -> Structure:
    """The same structure, its copies numbered in the order of their first tasks.

    Examples
    --------
    >>> from polytask.search._structure_nodes import canonical
    >>> canonical([[7, 7, 7], [4, -1, 2]])
    ((0, 0, 0), (0, -1, 1))
    """
    numbered = []
    for stage in stages:
        numbers: dict[int, int] = {SKIPPED: SKIPPED}
        for node in stage:
            numbers.setdefault(node, len(numbers) - 1)
        numbered.append(tuple(numbers[node] for node in stage))
    return tuple(numbered)


def groups_of(structure: Structure, tasks: Sequence[str]) -> Groups:
    """Per stage the groups of tasks that share a copy, as `polytask.architectures.Branching` takes them."""
    stages = []
    for stage in structure:
        kept = [(name, node) for name, node in zip(tasks, stage, strict=True) if node != SKIPPED]
        stages.append(tuple(map(tuple, names_by_key(kept).values())))
    return tuple(stages)


def skips_of(structure: Structure, tasks: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Per stage the tasks that skip it."""
    return tuple(
        tuple(name for name, node in zip(tasks, stage, strict=True) if node == SKIPPED)
        for stage in structure
    )


def structure_of(groups: Groups, tasks: Sequence[str]) -> Structure:
    """The structure of groups per stage; tasks in none of them skip the stage."""
    stages = []
    for partition in groups:
        node_of = {name: node for node, names in enumerate(partition) for name in names}
        stages.append([node_of.get(name, SKIPPED) for name in tasks])
    return canonical(stages)
