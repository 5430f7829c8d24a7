"""Trees that a search trains: forks of groups of similar tasks, and trees a move away from another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform

from polytask.search._structure_nodes import Structure, canonical

__all__ = ["forks", "neighbour_trees"]

_MOST_COUNTS, _MOST_DEPTHS = 11, 4
"""Numbers of groups and stages of forks."""
_MOST_PAIRS, _MOST_MOVED = 10, 6
"""Copies of a stage that are merged, and tasks that change their branch."""

Similarity = Float64[np.ndarray, "tasks tasks"]
Stages = list[list[int]]


def forks(similarity: Similarity, n_stages: int) -> list[Structure]:
    """Trees that fork once, at each stage, into 2, 3, … groups of similar tasks, by average linkage.

    Of many numbers of groups, or many stages, some are taken, evenly spaced.
    """
    n_tasks = len(similarity)
    return [
        canonical([[0] * n_tasks] * depth + [_cut(similarity, count)] * (n_stages - depth))
        for depth in _some(range(n_stages), _MOST_DEPTHS)
        for count in _some(range(2, n_tasks + 1), _MOST_COUNTS)
    ]


def neighbour_trees(tree: Structure, similarity: Similarity) -> list[Structure]:
    """Trees a move away: two copies merged, a copy split, a task or a branch moved to another branch.

    Parameters
    ----------
    tree : Structure
    similarity : array of shape (n_tasks, n_tasks)
        Of tasks; decides how the tasks of a copy part, and which copies and tasks are tried where there
        are many.
    """
    moves = (*_merged(tree, similarity), *_split(tree, similarity), *_moved(tree, similarity))
    found = dict.fromkeys(canonical(move) for move in moves)
    return [move for move in found if move != tree and _is_tree(move)]


def _merged(tree: Structure, similarity: Similarity) -> Iterator[Stages]:
    """Two copies with one parent become one, at their stage alone or with all that follows."""
    for depth, stage in enumerate(tree):
        inside = _members(stage)
        pairs = [(a, b) for b in inside for a in inside if a < b]
        if depth:
            before = tree[depth - 1]
            pairs = [(a, b) for a, b in pairs if before[inside[a][0]] == before[inside[b][0]]]
        pairs.sort(key=lambda pair: -_likeness(similarity, inside[pair[0]], inside[pair[1]]))
        for a, b in pairs[:_MOST_PAIRS]:
            yield _changed(tree, [depth], inside[b], a)
            both = inside[a] + inside[b]
            yield _changed(tree, range(depth, len(tree)), both, _new(tree))


def _split(tree: Structure, similarity: Similarity) -> Iterator[Stages]:
    """A copy becomes two: one of the branches after it parts, or its tasks part in two groups."""
    for depth, stage in enumerate(tree):
        for tasks in _members(stage).values():
            after = tree[depth + 1] if depth + 1 < len(tree) else stage
            children = {after[k] for k in tasks}
            for child in sorted(children) if len(children) > 1 else ():
                yield _changed(tree, [depth], [k for k in tasks if after[k] == child], _new(tree))
            if len(tasks) > 1:
                half = _cut(similarity[np.ix_(tasks, tasks)], 2)
                stages = list(map(list, tree))
                for later in stages[depth:]:
                    for k, side in zip(tasks, half, strict=True):
                        later[k] += _new(tree) * side
                yield stages


def _moved(tree: Structure, similarity: Similarity) -> Iterator[Stages]:
    """Tasks that are like those of another branch go there; a branch goes to another parent."""
    leaves = _members(tree[-1])
    order = [
        (_likeness(similarity, [k], [j for j in own if j != k]) - _likeness(similarity, [k], other), k, other[0])
        for own in leaves.values()
        for k in own
        for other in leaves.values()
        if other is not own
    ]  # fmt: skip
    for _, k, other in sorted(order)[:_MOST_MOVED]:
        stages = list(map(list, tree))
        for stage in stages:
            stage[k] = stage[other]
        yield stages
    for depth in range(1, len(tree)):
        for branch in _members(tree[depth]).values():
            for parent in _members(tree[depth - 1]).values():
                if branch[0] not in parent:
                    stages = list(map(list, tree))
                    for stage in stages[:depth]:
                        for k in branch:
                            stage[k] = stage[parent[0]]
                    yield stages


def _members(stage: Sequence[int]) -> dict[int, list[int]]:
    """The tasks of each copy."""
    found: dict[int, list[int]] = {}
    for task, node in enumerate(stage):
        found.setdefault(node, []).append(task)
    return found


def _changed(tree: Structure, depths: Iterable[int], tasks: Sequence[int], node: int) -> Stages:
    """The tree with another copy for some tasks at some stages."""
    stages = list(map(list, tree))
    for depth in depths:
        for k in tasks:
            stages[depth][k] = node
    return stages


def _new(tree: Structure) -> int:
    """A number that no copy has."""
    return len(tree[0]) + 1


def _likeness(similarity: Similarity, some: Sequence[int], others: Sequence[int]) -> float:
    """Mean similarity of two groups of tasks; 0 where one is empty."""
    return float(similarity[np.ix_(some, others)].mean()) if some and others else 0.0


def _cut(similarity: Similarity, count: int) -> list[int]:
    """Tasks in a number of groups by average linkage."""
    n_tasks = len(similarity)
    if count >= n_tasks:
        return list(range(n_tasks))
    distance = squareform(np.clip(1 - similarity, 0.0, None) * (1 - np.eye(n_tasks)), checks=False)
    groups: list[int] = cut_tree(linkage(distance, "average"), n_clusters=count)[:, 0].tolist()
    return groups


def _some(values: Sequence[int], most: int) -> list[int]:
    """At most so many of the values, evenly spaced, with the first and the last."""
    places = np.linspace(0, len(values) - 1, min(most, len(values)))
    return [values[place] for place in sorted(set(places.round().astype(int).tolist()))]


def _is_tree(structure: Structure) -> bool:
    """Whether tasks that have parted stay apart."""
    return all(
        len(set(zip(before, after, strict=True))) == max(after) + 1
        for before, after in pairwise(structure)
    )
