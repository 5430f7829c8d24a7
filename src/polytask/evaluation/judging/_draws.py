"""Draws of test rows, the same for every learner and seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

__all__ = ["RowDraws"]

_CELLS_AT_ONCE = 8_000_000


@dataclass(frozen=True, eq=False)
class RowDraws:
    """Bootstrap draws of rows, or of whole groups, as counts.

    Two learners that are given the same draws are compared on the same rows in every replicate,
    so their differences are paired.

    Parameters
    ----------
    n_rows : int
    replicates : int
    groups : array of shape (n_rows,), optional
        Position of each row's group, 0 … G − 1; the rows of a group are drawn together.
    seed : int
    """

    n_rows: int
    replicates: int
    groups: np.ndarray | None = None
    seed: int = 0

    def chunks(self, cells: int = _CELLS_AT_ONCE) -> Iterator[Float32[np.ndarray, "b n_rows"]]:
        """How often each row is drawn, some replicates at a time; the same on every call.

        Parameters
        ----------
        cells : int
            Largest number of counts held at once (at least one replicate is).
        """
        generator = np.random.default_rng([self.seed, self.n_rows])
        size = max(1, cells // max(self.n_rows, 1))
        for start in range(0, self.replicates, size):
            yield self._counts(min(size, self.replicates - start), generator)

    def _counts(self, size: int, generator: np.random.Generator) -> np.ndarray:
        units = self.n_rows if self.groups is None else int(self.groups.max()) + 1
        counts = np.empty((size, units), dtype=np.float32)
        for row in counts:
            row[:] = np.bincount(generator.integers(units, size=units), minlength=units)
        return counts if self.groups is None else counts[:, self.groups]
