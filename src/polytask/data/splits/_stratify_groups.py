"""Stratified distribution of whole groups over the parts of a split."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from scipy import sparse

__all__ = ["stratify_groups"]


def stratify_groups(
    group: Int64[np.ndarray, " n"],
    strata: sparse.csr_array,
    shares: Float64[np.ndarray, " parts"],
    generator: np.random.Generator,
) -> Int64[np.ndarray, " n"]:
    """Part number of every row, equal within groups.

    Groups are placed by size, the largest first, in the part that most lacks their strata.

    Parameters
    ----------
    group : array of shape (n,)
        Codes from 0.
    strata : sparse array (n, n_strata)
    shares : array of shape (parts,)
        Summing to 1; there are at least as many groups as parts with a share.
    generator : numpy.random.Generator
    """
    sizes = np.bincount(group)
    n_rows, n_groups = len(group), len(sizes)
    # A stratum of all rows keeps the sizes of the parts.
    table = sparse.hstack([strata, sparse.csr_array(np.ones((n_rows, 1)))])
    belongs = sparse.csr_array(
        (np.ones(n_rows), (group, np.arange(n_rows))), shape=(n_groups, n_rows)
    )
    totals = np.maximum(table.sum(axis=0).reshape(-1), 1.0)
    held = sparse.csr_array(belongs @ table @ sparse.diags_array(1.0 / totals))
    part = np.full(n_groups, -1, dtype=np.int64)
    need = np.tile(shares, (len(totals), 1))  # as a share of the stratum
    empty = set(np.flatnonzero(shares > 0).tolist())
    for done, current in enumerate(np.lexsort((generator.random(n_groups), -sizes))):
        at = slice(held.indptr[current], held.indptr[current + 1])
        kinds, amounts = held.indices[at], held.data[at]
        lack = amounts @ need[kinds]
        lack[shares == 0] = -np.inf
        if n_groups - done <= len(empty):
            lack[[number for number in range(len(shares)) if number not in empty]] = -np.inf
        part[current] = chosen = int(lack.argmax())
        need[kinds, chosen] -= amounts
        empty.discard(chosen)
    return part[group]
