"""Sampling in proportion to the sources' sizes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from polytask.sampling._sampler import Sampler
from polytask.sampling._shuffled_rows import ShuffledRows

__all__ = ["Proportional"]


@dataclass
class Proportional(Sampler):
    r"""The default: one shuffle of the rows of all sources, each read once per epoch.

    .. math:: b_s = B \frac{n_s}{\sum_j n_j}

    Notes
    -----
    A batch's rows are those of one random permutation per epoch, so the rows per source vary
    around their expectation.

    Examples
    --------
    >>> from polytask.sampling import Proportional
    >>> sampler = Proportional()
    >>> sampler.start({"red": 6, "white": 18}, batch_size=8, seed=0, n_steps=3)
    >>> sampler.steps_per_epoch, sampler.share(0)
    (3, {'red': 2.0, 'white': 6.0})
    """

    _rows: ShuffledRows = field(init=False, repr=False, compare=False)
    _ends: Int64[np.ndarray, " n_sources"] = field(init=False, repr=False, compare=False)

    def prepare(self) -> None:
        """Forget the order of earlier rows."""
        self._rows = ShuffledRows(self.n_rows, self.seed, "rows")
        self._ends = np.cumsum(list(self.sizes.values()), dtype=np.int64)

    def draw(self, step: int) -> dict[str, Int64[Tensor, " _"]]:
        """The next rows of the epoch's permutation."""
        return self._by_source(self._rows.batch(step, self.batch_size))

    def share(self, step: int) -> dict[str, float]:
        """A full batch's rows, split like all rows."""
        del step
        return {name: n * self.batch_size / self.n_rows for name, n in self.sizes.items()}

    def _by_source(self, rows: Int64[Tensor, " n"]) -> dict[str, Int64[Tensor, " _"]]:
        """Positions among all rows as positions in each source, in the same order."""
        if len(self.sizes) == 1:
            return dict.fromkeys(self.sizes, rows)
        source = np.searchsorted(self._ends, rows.numpy(), side="right")
        order = np.argsort(source, kind="stable")
        first = self._ends - list(self.sizes.values())
        local = torch.from_numpy(rows.numpy()[order] - first[source[order]])
        names, counts = list(self.sizes), np.bincount(source)
        stops = np.cumsum(counts)
        return {
            names[at]: local[stops[at] - counts[at] : stops[at]] for at in np.flatnonzero(counts)
        }
