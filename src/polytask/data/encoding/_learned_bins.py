"""Edges of bins as learned of training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

__all__ = ["ColumnBins", "LearnedBins"]

_LEAST_OF_TASK = 3
"""Thresholds that every task may contribute to those of several."""
_LARGEST = float(np.finfo(np.float32).max) / 4


@dataclass(frozen=True)
class ColumnBins:
    """Edges of one encoded numeric column.

    Parameters
    ----------
    edges : tuple of float
        Edges that no label was needed for, in ascending order; none if the column had one value.
    thresholds : mapping of task name to tuple of float
        Those of every task's tree, the best first; no task where no tree was grown. A network of some
        tasks that was trained beside others has those of the others, too: its width is that of all.
    gains : mapping of task name to tuple of float
        The share of the task's impurity that every threshold explains, in descending order.
    means : tuple of float
        Of the rows' coordinates in every bin, where no threshold may divide it; else none.
    """

    edges: tuple[float, ...]
    thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    gains: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    means: tuple[float, ...] = ()

    def edges_for(self, tasks: Sequence[str], most: int) -> tuple[float, ...]:
        """All edges of a network that serves the tasks, with at most so many thresholds."""
        share = max(_LEAST_OF_TASK, most // max(1, len(tasks)))
        ranked = [
            (-gain, threshold)
            for task in tasks
            for gain, threshold in zip(
                self.gains.get(task, ())[:share], self.thresholds.get(task, ())[:share], strict=True
            )
        ]
        if not ranked:
            return self.edges
        best = list(dict.fromkeys(threshold for _, threshold in sorted(ranked)))[:most]
        return tuple(sorted({*self.edges, *best}))

    def most_edges(self, most: int) -> int:
        """Most edges that `edges_for` gives for any of the tasks."""
        if not self.thresholds:
            return len(self.edges)
        every = {t for thresholds in self.thresholds.values() for t in thresholds} - {*self.edges}
        return len(self.edges) + max(1, min(most, len(every)))

    def problem(self, n_bins: int) -> str | None:
        """Why no fit could have given this; None if one could have."""
        if len(self.edges) == 1 or len(self.edges) > n_bins + 1 or not _ascend(self.edges):
            return "edges of bins must be finite numbers in ascending order, as many as there are"
        if self.means and (self.thresholds or len(self.means) != len(self.edges) - 1):
            return "means of coordinates must be those of bins without thresholds"
        if not all(0.0 <= mean <= 1.0 for mean in self.means):
            return "means of coordinates must be shares"
        if self.thresholds and not self.edges:
            return "thresholds of bins must lie between edges"
        if self.thresholds.keys() != self.gains.keys():
            return "thresholds of bins must be those of tasks, each with its gain"
        for task, thresholds in self.thresholds.items():
            gains = self.gains[task]
            inside = all(self.edges[0] <= t <= self.edges[-1] for t in thresholds)
            if not inside or len(gains) != len(thresholds) or len(thresholds) >= n_bins:
                return "thresholds of bins must lie between the edges, each with its gain"
            if not all(0.0 <= gain <= 1.0 for gain in gains):
                return "gains of thresholds must be shares"
        return None


@dataclass(frozen=True)
class LearnedBins:
    """Edges of the numeric columns of a source, learned of training rows.

    Parameters
    ----------
    n_bins : int
        That of the `Bins` they were learned for.
    columns : tuple of ColumnBins
        One per column of the ``"numeric"`` array.
    """

    n_bins: int
    columns: tuple[ColumnBins, ...]

    def edges_for(self, tasks: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Edges of every column in a network that serves the tasks."""
        return tuple(column.edges_for(tasks, self.n_bins - 1) for column in self.columns)

    @property
    def means(self) -> tuple[tuple[float, ...], ...]:
        """Mean coordinates of every column."""
        return tuple(column.means for column in self.columns)

    @property
    def most_edges(self) -> tuple[int, ...]:
        """Most edges of every column, whatever tasks a network serves."""
        return tuple(column.most_edges(self.n_bins - 1) for column in self.columns)

    def problem(self, n_numeric: int) -> str | None:
        """Why no fit could have given this; None if one could have."""
        if self.n_bins < 2 or len(self.columns) != n_numeric:
            return "bins must be those of the numeric columns, at least 2 in each"
        problems = (column.problem(self.n_bins) for column in self.columns)
        return next((problem for problem in problems if problem is not None), None)


def _ascend(edges: Sequence[float]) -> bool:
    """Whether edges ascend, in single precision too."""
    if not all(abs(edge) <= _LARGEST for edge in edges):
        return False
    return all(low < high for low, high in pairwise(np.array(edges, dtype=np.float32).tolist()))
