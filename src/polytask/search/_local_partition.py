"""A good partition of many tasks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

from polytask.search._objective import Objective

__all__ = ["local_partition", "merged_groups"]

_LEAST = 1e-12
"""Smaller gains of a move are rounding."""


def local_partition(
    affinity: Float64[np.ndarray, "k k"], objective: Objective, restarts: int, seed: int
) -> list[list[int]]:
    """The best partition that local search reaches from several starts.

    The first start merges the two groups that gain most until no merger gains; the others are drawn
    at random. From each, the task whose move to another group, or out of its own, gains most is
    moved until no move and no merger gains.

    Parameters
    ----------
    affinity : array of shape (k, k)
    objective : {"sum", "mean"}
    restarts : int
        Random starts.
    seed : int
        Of these starts.
    """
    n_tasks = len(affinity)
    pairs = affinity + affinity.T
    np.fill_diagonal(pairs, 0.0)
    best, best_value = np.arange(n_tasks), 0.0
    for start in _starts(n_tasks, restarts, seed):
        labels = _climbed(pairs, start, objective)
        value = _value(pairs, labels, objective)
        if value > best_value + _LEAST:
            best, best_value = labels, value
    return [np.flatnonzero(best == label).tolist() for label in dict.fromkeys(best.tolist())]


def merged_groups(affinity: Float64[np.ndarray, "k k"]) -> list[list[int]]:
    """Groups of several tasks that arise by merging the two of largest mean affinity, to the end."""
    n_tasks = len(affinity)
    pairs = affinity + affinity.T
    labels, found = np.arange(n_tasks), []
    for _ in range(n_tasks - 1):
        _, between, sizes = _sums(pairs, labels)
        mean = between / np.maximum(np.outer(sizes, sizes), 1)
        mean[(sizes == 0)[:, None] | (sizes == 0)[None, :] | np.eye(n_tasks, dtype=bool)] = -np.inf
        first, second = np.unravel_index(np.argmax(mean), mean.shape)
        labels[labels == second] = first
        found.append(np.flatnonzero(labels == first).tolist())
    return found


def _starts(n_tasks: int, restarts: int, seed: int) -> Iterator[Int64[np.ndarray, " k"]]:
    """The partition of single tasks, then random ones of several numbers of groups."""
    yield np.arange(n_tasks)
    generator = np.random.default_rng(seed)
    for _ in range(restarts):
        n_groups = int(generator.integers(1, n_tasks + 1))
        yield generator.integers(0, n_groups, size=n_tasks)


def _climbed(
    pairs: Float64[np.ndarray, "k k"], labels: Int64[np.ndarray, " k"], objective: Objective
) -> Int64[np.ndarray, " k"]:
    labels = labels.copy()
    while _merge(pairs, labels, objective) or _move(pairs, labels, objective):
        pass
    return labels


def _sums(
    pairs: Float64[np.ndarray, "k k"], labels: Int64[np.ndarray, " k"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Affinity of every task to every label, between labels (twice within), and sizes."""
    member = (labels[:, None] == np.arange(len(labels))).astype(float)
    to_label = pairs @ member
    return to_label, member.T @ to_label, member.sum(axis=0)


def _worth(total: np.ndarray, size: np.ndarray, objective: Objective) -> np.ndarray:
    return total if objective == "sum" else total / np.maximum(size - 1, 1)


def _value(pairs: np.ndarray, labels: np.ndarray, objective: Objective) -> float:
    _, between, sizes = _sums(pairs, labels)
    return float(_worth(np.diag(between) / 2, sizes, objective).sum())


def _merge(pairs: np.ndarray, labels: np.ndarray, objective: Objective) -> bool:
    """Merge the two groups that gain most; False if no merger gains."""
    _, between, sizes = _sums(pairs, labels)
    within = np.diag(between) / 2
    own = _worth(within, sizes, objective)
    together = within[:, None] + within[None, :] + between
    gain = (
        _worth(together, sizes[:, None] + sizes[None, :], objective) - own[:, None] - own[None, :]
    )
    gain[(sizes == 0)[:, None] | (sizes == 0)[None, :] | np.eye(len(labels), dtype=bool)] = -np.inf
    first, second = np.unravel_index(np.argmax(gain), gain.shape)
    if not gain[first, second] > _LEAST:
        return False
    labels[labels == second] = first
    return True


def _move(pairs: np.ndarray, labels: np.ndarray, objective: Objective) -> bool:
    """Move the task that gains most, into a group or an empty one; False if no move gains."""
    to_label, between, sizes = _sums(pairs, labels)
    within = np.diag(between) / 2
    own = _worth(within, sizes, objective)
    rows = np.arange(len(labels))
    left = within[labels] - to_label[rows, labels]
    loss = own[labels] - _worth(left, sizes[labels] - 1, objective)
    gain = _worth(within + to_label, sizes + 1, objective) - own - loss[:, None]
    gain[rows, labels] = -np.inf
    task, label = np.unravel_index(np.argmax(gain), gain.shape)
    if not gain[task, label] > _LEAST:
        return False
    labels[task] = label
    return True
