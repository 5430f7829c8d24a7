"""Shuffled rows of a source, in one pass after another."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.sampling._epoch_batches import bounds, n_batches

__all__ = ["ShuffledRows", "shuffled_sources"]


class ShuffledRows:
    """Endless passes over rows, each in a new random order; a pure function of the position.

    Parameters
    ----------
    n_rows : int
    seed : int
    *purpose : str
        What the orders are for. With the number of the pass, from 0, it makes their seeds.
    """

    def __init__(self, n_rows: int, seed: int, *purpose: str) -> None:
        self.n_rows, self.seed, self.purpose = n_rows, seed, purpose
        self._order: tuple[int, Tensor] = (-1, torch.empty(0))

    def rows(self, start: int, stop: int) -> Int64[Tensor, " n"]:
        """Rows at the positions from `start` up to `stop`, counted over all passes."""
        parts = []
        while start < stop:
            number, first = divmod(start, self.n_rows)
            last = min(self.n_rows, first + stop - start)
            parts.append(self._pass(number)[first:last])
            start += last - first
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def batch(self, index: int, size: int) -> Int64[Tensor, " n"]:
        """Rows of a batch, counted over all passes, where each pass is cut into batches."""
        number, position = divmod(index, n_batches(self.n_rows, size))
        batch, first = bounds(position, self.n_rows, size), number * self.n_rows
        return self.rows(first + batch.start, first + batch.stop)

    def _pass(self, number: int) -> Int64[Tensor, " n_rows"]:
        if self._order[0] != number:
            seed = derived_seed(self.seed, *self.purpose, number)
            generator = torch.Generator().manual_seed(seed)
            order = torch.randperm(
                self.n_rows, generator=generator, device="cpu", dtype=torch.int64
            )
            self._order = (number, order)
        return self._order[1]


def shuffled_sources(sizes: Mapping[str, int], seed: int) -> dict[str, ShuffledRows]:
    """The rows of each source in orders of its own; a single source has those of `Proportional`."""
    several = len(sizes) > 1
    return {
        name: ShuffledRows(n_rows, seed, "rows", *([name] if several else []))
        for name, n_rows in sizes.items()
    }
