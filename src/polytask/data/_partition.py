"""Rows (or whole groups) over the parts of a split, stratum by stratum, the rarest first.

The idea is iterative stratification (Sechidis, Tsoumakas & Vlahavas, 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from polytask.data._source import Source
from polytask.data._strata import strata
from polytask.exceptions import DataError

__all__ = ["partition"]


def partition(
    source: Source, shares: Sequence[float], generator: np.random.Generator
) -> np.ndarray:
    """Number of the part of every row; rows of one group share theirs.

    Parameters
    ----------
    source : Source
    shares : sequence of float
        Share of rows of each part, summing to 1; parts of share 0 stay empty.
    generator : numpy.random.Generator
    """
    wanted = np.asarray(shares, dtype=np.float64)
    table = strata(source)
    if source.groups is None:
        _check_enough(source, source.n_rows, "rows", wanted)
        return _Rows(table, wanted, generator).assigned()
    _, unit = np.unique(source.groups, return_inverse=True)
    _check_enough(source, int(unit.max(initial=-1)) + 1, "groups", wanted)
    return assign_groups(unit, table, wanted, generator)[unit]


def _check_enough(source: Source, count: int, what: str, shares: np.ndarray) -> None:
    needed = int((shares > 0).sum())
    if count < needed:
        sentence = (
            f"Source {source.name!r} has {count} {what}, too few to split in {needed} parts: "
            f"at least {needed} are needed."
        )
        raise DataError(sentence)


class _Rows:
    """Single rows, a whole stratum at a time."""

    def __init__(
        self, table: sparse.csr_array, shares: np.ndarray, generator: np.random.Generator
    ) -> None:
        self.table, self.shares, self.generator = table, shares, generator
        self.part = np.full(table.shape[0], -1)
        self.left = np.asarray(table.sum(axis=0)).reshape(-1)
        self.need = np.stack([quotas(int(count), shares) for count in self.left]).astype(float)
        # Rows of the same strata carry the same mark, so that they can be spread evenly.
        self.mark = table @ generator.random(table.shape[1])

    def assigned(self) -> np.ndarray:
        members = self.table.tocsc()
        while (self.left > 0.5).any():
            stratum = int(np.where(self.left > 0.5, self.left, np.inf).argmin())
            rows = members.indices[members.indptr[stratum] : members.indptr[stratum + 1]]
            self._assign(rows[self.part[rows] < 0], np.maximum(self.need[stratum], 0.0))
            self.left[stratum] = 0.0
        rest = np.flatnonzero(self.part < 0)
        size = np.bincount(self.part[self.part >= 0], minlength=len(self.shares))
        self._assign(rest, np.maximum(quotas(len(self.part), self.shares) - size, 0.0))
        return self.part

    def _assign(self, rows: np.ndarray, need: np.ndarray) -> None:
        if len(rows) == 0:
            return
        wanted = need / need.sum() if need.sum() > 0 else self.shares
        parts = spread(quotas(len(rows), wanted), self.generator)
        order = np.lexsort((self.generator.random(len(rows)), self.mark[rows]))
        self.part[rows[order]] = parts
        for number in range(len(self.shares)):
            taken = np.asarray(self.table[rows[order[parts == number]]].sum(axis=0)).reshape(-1)
            self.need[:, number] -= taken
            self.left -= taken


def quotas(count: int, shares: np.ndarray) -> np.ndarray:
    """Whole numbers in proportion to `shares` that sum to `count`, at least one where it can be."""
    exact = count * shares
    whole = np.floor(exact + 1e-9)
    for number in np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]:
        whole[number] += 1
    for number in np.flatnonzero((shares > 0) & (whole == 0)):
        richest = int(whole.argmax())
        if whole[richest] > 1:
            whole[richest] -= 1
            whole[number] += 1
    return whole.astype(np.int64)


def spread(counts: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A sequence of part numbers, `counts` of each, every part spread evenly over it."""
    places = [
        (np.arange(count) + generator.random()) / count if count else np.empty(0)
        for count in counts
    ]
    parts = np.repeat(np.arange(len(counts)), counts)
    return parts[np.argsort(np.concatenate(places), kind="stable")]


def assign_groups(
    unit: np.ndarray, table: sparse.csr_array, shares: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The part of every group: large groups first, each where most of its strata is wanted."""
    sizes = np.bincount(unit)
    count = len(sizes)
    belongs = sparse.csr_array(
        (np.ones(len(unit)), (unit, np.arange(len(unit)))), shape=(count, len(unit))
    )
    held = (belongs @ table).tocsr()
    totals = np.maximum(np.asarray(table.sum(axis=0)).reshape(-1), 1.0)
    need, room = np.outer(totals, shares), len(unit) * shares
    part = np.full(count, -1)
    active = np.flatnonzero(shares > 0)
    order = np.lexsort((generator.random(count), -sizes))
    empty = list(active)
    for position, group in enumerate(order):
        at = slice(held.indptr[group], held.indptr[group + 1])
        kinds, amounts = held.indices[at], held.data[at]
        score = (amounts / totals[kinds]) @ (need[kinds] / totals[kinds][:, None])
        score = score + sizes[group] / len(unit) * room / len(unit)
        choices = empty if count - position <= len(empty) else active
        chosen = max(choices, key=lambda number: score[number] / 1.0)
        part[group] = chosen
        need[kinds, chosen] -= amounts
        room[chosen] -= sizes[group]
        if chosen in empty:
            empty.remove(chosen)
    return part
