"""Base class of rows whose inputs are made of those of others."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["DerivedRows"]


class DerivedRows(TaskRows):
    """Rows with the labels, weights and means of others, which a class may replace.

    Parameters
    ----------
    inner : TaskRows
    """

    def __init__(self, inner: TaskRows) -> None:
        self.inner = inner
        self.labels, self.weights = inner.labels, inner.weights
        self.means, self.level = inner.means, inner.level
        self.n_rows, self.counts = inner.n_rows, inner.counts
        self.fit_intercept = inner.fit_intercept
        self.common = inner.common

    def totals(self, cells: Cells) -> Float64[np.ndarray, " tasks"]:
        """Sums over the rows of each task."""
        return self.inner.totals(cells)

    def spread(self, values: Float[np.ndarray, " tasks"]) -> Cells:
        """A value per task for each of its rows."""
        return self.inner.spread(values)
