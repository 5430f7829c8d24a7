"""Stratified distribution of rows over the parts of a split, beginning with the rarest stratum."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from scipy import sparse

from polytask.data.splits._quotas import quotas, spread

__all__ = ["stratify"]


def stratify(
    strata: sparse.csr_array,
    shares: Float64[np.ndarray, " parts"],
    generator: np.random.Generator,
) -> Int64[np.ndarray, " n"]:
    """Part number of every row.

    Parameters
    ----------
    strata : sparse array (n, n_strata)
        1 where a row belongs to a stratum; a row may belong to many.
    shares : array of shape (parts,)
        Summing to 1.
    generator : numpy.random.Generator
    """
    work = _Stratification(strata, shares, generator)
    members = strata.tocsc()
    while (work.left > 0).any():
        stratum = int(np.where(work.left > 0, work.left, np.inf).argmin())
        rows = members.indices[members.indptr[stratum] : members.indptr[stratum + 1]]
        work.assign(rows[work.part[rows] < 0], work.need[stratum])
    rest = np.flatnonzero(work.part < 0)
    sizes = np.bincount(work.part[work.part >= 0], minlength=len(shares))
    work.assign(rest, quotas(len(work.part), shares) - sizes)
    return work.part


class _Stratification:
    """Numbers of remaining rows per stratum, and of rows that each part still requires."""

    def __init__(
        self, strata: sparse.csr_array, shares: np.ndarray, generator: np.random.Generator
    ) -> None:
        self.strata, self.shares, self.generator = strata, shares, generator
        self.part = np.full(strata.shape[0], -1, dtype=np.int64)
        self.left = strata.sum(axis=0).astype(np.int64).reshape(-1)
        need = [quotas(count, shares) for count in self.left.tolist()]
        if np.ptp(shares) == 0:  # folds: what is left over goes to the next ones in turn
            left_over = (np.cumsum(self.left) - self.left) % len(shares)
            need = [np.roll(row, turn) for row, turn in zip(need, left_over, strict=True)]
        self.need = np.array(need).reshape(-1, len(shares))
        # Rows of the same strata have the same mark; sorted by it, each part gets its share of
        # every combination of strata.
        self.mark = strata @ generator.random(strata.shape[1])

    def assign(self, rows: np.ndarray, need: np.ndarray) -> None:
        """Assign all of `rows` to parts, in proportion to their requirements."""
        need = np.maximum(need, 0)
        wanted = need / need.sum() if need.any() else self.shares
        order = np.lexsort((self.generator.random(len(rows)), self.mark[rows]))
        parts = spread(quotas(len(rows), wanted), self.generator)
        self.part[rows[order]] = parts
        for number in range(len(self.shares)):
            taken = (
                self.strata[rows[order[parts == number]]].sum(axis=0).astype(np.int64).reshape(-1)
            )
            self.need[:, number] -= taken
            self.left -= taken
