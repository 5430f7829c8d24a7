"""The rows of each step of members that are trained side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.sampling._epoch_batches import n_batches

__all__ = ["Drawn", "OrderKey", "StackOrders"]


class OrderKey(NamedTuple):
    """What the order of a member's rows follows from.

    Attributes
    ----------
    n_rows : int
    batch_size : int
    seed : int
    rows : bytes
        Digest of which rows they are.
    purpose : str, default "rows"
        What the order is for, which makes its seed with the epoch. The name of a task, whose network is
        trained as one of several: batches that hold all rows then have them as they stand.
    """

    n_rows: int
    batch_size: int
    seed: int
    rows: bytes
    purpose: str = "rows"


class Drawn(NamedTuple):
    """Rows drawn for a step.

    Attributes
    ----------
    places : tensor of int64
        (n,) where all members have drawn the same rows, else (n_members, n).
    counts : array of shape (n_members,), int64
        How many rows each has drawn; later ones are padding.
    """

    places: Tensor
    counts: Int64[np.ndarray, " n_members"]

    @property
    def shared(self) -> bool:
        """Whether all members have drawn the same rows."""
        return self.places.ndim == 1


class StackOrders:
    """Shuffled orders of the rows of members, the same as each has alone.

    Members of equal keys share an order, so that a population of equal seeds on fully labelled rows
    draws its rows once.

    Parameters
    ----------
    keys : sequence of OrderKey
        By member.
    rows : sequence of tensor of int64
        By member, the rows that it may draw.
    """

    def __init__(self, keys: Sequence[OrderKey], rows: Sequence[Tensor]) -> None:
        distinct = list(dict.fromkeys(keys))
        self._keys = distinct
        self.of_member = np.array([distinct.index(key) for key in keys])
        self._n_rows = np.array([key.n_rows for key in distinct])
        self._sizes = np.array([key.batch_size for key in distinct])
        self._n_batches = np.array([n_batches(k.n_rows, k.batch_size) for k in distinct])
        self._epochs = np.full(len(distinct), -1)
        self._rows = [rows[keys.index(key)] for key in distinct]
        self._fixed = np.array([k.purpose != "rows" and k.batch_size == k.n_rows for k in distinct])
        width = int(self._n_rows.max())
        self._orders = torch.zeros(len(distinct), width, dtype=torch.int64)
        for k in np.flatnonzero(self._fixed).tolist():
            self._orders[k, : self._n_rows[k]] = self._rows[k]

    @property
    def fixed(self) -> bool:
        """Whether every member has the same batch in each step."""
        return bool(self._fixed[self.of_member].all())

    @property
    def steps_per_epoch(self) -> Int64[np.ndarray, " n_members"]:
        """Batches per epoch of each member."""
        return self._n_batches[self.of_member]

    @property
    def batch_sizes(self) -> Int64[np.ndarray, " n_members"]:
        """Rows of a full batch of each member."""
        return self._sizes[self.of_member]

    def drawn(self, step: int, members: Int64[np.ndarray, " n_members"]) -> Drawn:
        """The rows of a batch, counted from 0, of some members."""
        own = self.of_member[members]
        used = np.unique(own)
        self._shuffle(step // self._n_batches, used)
        starts, stops = self._bounds(step)
        if len(used) == 1:
            only = int(used[0])
            index = self._orders[only, starts[only] : stops[only]]
            return Drawn(index, (stops - starts)[own])
        counts = (stops - starts)[own]
        places = starts[own][:, None] + np.arange(counts.max())
        places = np.minimum(places, stops[own][:, None] - 1)
        index = self._orders[torch.from_numpy(own)[:, None], torch.from_numpy(places)]
        return Drawn(index, counts)

    def fraction(self, step: int) -> Float[np.ndarray, " n_members"]:
        """Rows of each member's batch as a share of a full batch."""
        starts, stops = self._bounds(step)
        return ((stops - starts) / self._sizes)[self.of_member]

    def keep(self, members: Int64[np.ndarray, " n_kept"]) -> None:
        """Remove all other members."""
        self.of_member = self.of_member[members]

    def _bounds(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        position = step % self._n_batches
        starts = position * self._sizes
        last = position == self._n_batches - 1
        return starts, np.where(last, self._n_rows, starts + self._sizes)

    def _shuffle(self, epochs: np.ndarray, used: np.ndarray) -> None:
        """Draw the orders of epochs that have begun."""
        for k in used[(self._epochs[used] != epochs[used]) & ~self._fixed[used]].tolist():
            key = self._keys[k]
            seed = derived_seed(key.seed, key.purpose, int(epochs[k]))
            generator = torch.Generator().manual_seed(seed)
            order = torch.randperm(key.n_rows, generator=generator, device="cpu")
            self._orders[k, : key.n_rows] = self._rows[k][order]
            self._epochs[k] = epochs[k]
