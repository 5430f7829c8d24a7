"""Rows in shuffled order, one pass after another."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor

from polytask._seeds import derived_seed

__all__ = ["Walk"]


class Walk:
    """Endless passes over rows, each in a new random order; a pure function of the position.

    Parameters
    ----------
    n_rows : int
    seed : int
    *words
        What the orders are for; passes are told apart by their number, from 0.
    """

    def __init__(self, n_rows: int, seed: int, *words: str) -> None:
        self.n_rows, self.seed, self.words = n_rows, seed, words
        self._order: tuple[int, Tensor] = (-1, torch.empty(0))

    def rows(self, start: int, stop: int) -> Int64[Tensor, " n"]:
        """Rows at the positions from `start` up to `stop`, counted over all passes."""
        parts = []
        while start < stop:
            turn, first = divmod(start, self.n_rows)
            last = min(self.n_rows, first + stop - start)
            parts.append(self._pass(turn)[first:last])
            start += last - first
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _pass(self, turn: int) -> Int64[Tensor, " n_rows"]:
        if self._order[0] != turn:
            generator = torch.Generator().manual_seed(derived_seed(self.seed, *self.words, turn))
            order = torch.randperm(
                self.n_rows, generator=generator, device="cpu", dtype=torch.int64
            )
            self._order = (turn, order)
        return self._order[1]
