"""Raw scores of chunks of rows, collected by task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from polytask.data import Source

__all__ = ["Answer", "parts_of"]


@dataclass(eq=False)
class Answer:
    """What a model answers for one task, chunk after chunk.

    Parameters
    ----------
    score_shape : tuple of int

    Attributes
    ----------
    counts : dict of source name to int
        Rows of each source so far.
    """

    score_shape: tuple[int, ...]
    counts: dict[str, int] = field(default_factory=dict)
    _raw: list[np.ndarray] = field(default_factory=list)
    _row_ids: list[np.ndarray] = field(default_factory=list)
    _unnamed: list[np.ndarray] = field(default_factory=list)

    def add(self, chunk: Source, parts: Mapping[bool, tuple[np.ndarray, np.ndarray]]) -> None:
        """Add the rows of a chunk, in its order.

        Parameters
        ----------
        chunk : Source
        parts : mapping of bool to (positions of shape (m,), scores of shape (m, …))
            Of rows that name no task (True) and of others.
        """
        positions = np.concatenate([rows for rows, _ in parts.values()])
        order = np.argsort(positions, kind="stable")
        unnamed = np.repeat(list(parts), [len(rows) for rows, _ in parts.values()])
        self._raw.append(np.concatenate([scores for _, scores in parts.values()])[order])
        self._row_ids.append(chunk.row_ids[positions[order]])
        self._unnamed.append(unnamed[order])
        self.counts[chunk.name] = self.counts.get(chunk.name, 0) + len(order)

    @property
    def raw(self) -> np.ndarray:
        """Scores (n, …), float32."""
        return np.concatenate([np.zeros((0, *self.score_shape), dtype=np.float32), *self._raw])

    @property
    def row_ids(self) -> np.ndarray:
        """Positions of the rows in the user's table, (n,)."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._row_ids])

    @property
    def unnamed(self) -> np.ndarray:
        """Which rows name no task, (n,) bool."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *self._unnamed])


def parts_of(chunk: Source) -> Iterator[tuple[bool, np.ndarray, Source]]:
    """Split rows into those that name their task and those that do not, which have none then.

    Yields
    ------
    unnamed : bool
    rows : array of int
        Positions in the chunk.
    part : Source
    """
    index = chunk.task_index
    if index is None or (index >= 0).all():
        yield False, np.arange(chunk.n_rows), chunk
        return
    for unnamed in (False, True):
        rows = np.flatnonzero((index < 0) == unnamed)
        if len(rows):
            part = chunk.take(rows)
            yield unnamed, rows, replace(part, task_index=None) if unnamed else part
