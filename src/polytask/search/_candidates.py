"""Partitions that are worth training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from polytask.analysis import AffinityRecord, GroupRuns
from polytask.search._best_partition import best_partition
from polytask.search._joined import joined

__all__ = ["Candidate", "candidates_of", "random_partitions"]

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Candidate:
    """A partition, with where it comes from and how it was searched.

    `proposal` tells the first affinity's partitions at its own threshold.
    """

    name: str
    groups: Groups
    note: str = ""
    proposal: bool = False


def candidates_of(
    runs: GroupRuns, records: Sequence[AffinityRecord], thresholds: Sequence[float]
) -> tuple[list[Candidate], tuple[str, ...]]:
    """Proposals of affinities, then all together, and notes; each partition once, apart never.

    Notes name the proposals that are left out, since they hold no groups, or those of an earlier
    one.

    Parameters
    ----------
    runs : GroupRuns
    records : sequence of AffinityRecord
        Each proposes its best partition at its own threshold, and the one in which tasks that it
        knows nothing of join others.
    thresholds : sequence of float
        Further thresholds for each.
    """
    found: list[Candidate] = []
    for record in records:
        for threshold in dict.fromkeys([record.threshold, *thresholds]):
            best = best_partition(record, threshold=float(threshold))
            groups = tuple(runs.group(group) for group in best.groups)
            name, first = f"{record.name} > {threshold:g}", not found
            found.append(Candidate(name, groups, best.note, proposal=first))
            more = joined(runs, record, groups)
            if more is not None:
                found.append(Candidate(f"{name}, joined", more, best.note, proposal=first))
    kept: dict[frozenset[tuple[str, ...]], Candidate] = {}
    notes = []
    for candidate in found:
        if all(len(group) == 1 for group in candidate.groups):
            notes.append(f"no groups are proposed by {candidate.name}")
        elif (same := kept.setdefault(frozenset(candidate.groups), candidate)) is not candidate:
            notes.append(f"the groups of {candidate.name} are those of {same.name}")
    kept.setdefault(frozenset([runs.tasks]), Candidate("together", (runs.tasks,)))
    return list(kept.values()), tuple(notes)


def random_partitions(runs: GroupRuns, groups: Groups, number: int, seed: int) -> list[Candidate]:
    """Random groups of the same sizes, none of them the given ones."""
    generator = np.random.default_rng(seed)
    sizes = [len(group) for group in groups]
    if max(sizes) == 1 or len(sizes) == 1:
        return []
    kept: list[Candidate] = []
    seen = {frozenset(groups)}
    for _ in range(20 * number):
        order = generator.permutation(runs.tasks).tolist()
        bounds = np.cumsum([0, *sizes])
        drawn = tuple(runs.group(order[start:end]) for start, end in pairwise(bounds))
        if frozenset(drawn) not in seen and len(kept) < number:
            seen.add(frozenset(drawn))
            kept.append(Candidate(f"random {len(kept) + 1}", drawn))
    return kept
