"""Rows whose coefficients are sums of several parts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float64, Int

from polytask.datafits._derived_rows import DerivedRows
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["RepeatedRows"]


class RepeatedRows(DerivedRows):
    r"""Rows with their inputs repeated, so that coefficients are sums of parts.

    .. math:: [\tilde x, \tilde x]^\top [b_k, s_k] = \tilde x^\top (b_k + s_k)

    A loss of W = B + S becomes a loss of the matrix of both side by side, (n_tasks, 2 n_features), and any
    solver serves it.

    Parameters
    ----------
    inner : TaskRows
    n_parts : int, default 2

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import RepeatedRows, SharedRows
    >>> rows = SharedRows(np.array([[1.0], [3.0]]), np.ones((2, 1)))
    >>> RepeatedRows(rows).scores(np.array([[0.5, 1.5]]), np.zeros(1)).ravel()
    array([-2.,  2.])
    """

    def __init__(self, inner: TaskRows, n_parts: int = 2) -> None:
        super().__init__(inner)
        self.n_parts, self.means = n_parts, np.tile(inner.means, (1, n_parts))

    def total(self, coef: Float[np.ndarray, "tasks repeated"]) -> Float64[np.ndarray, "tasks p"]:
        """The sum of the parts."""
        summed: np.ndarray = coef.reshape(len(coef), self.n_parts, -1).sum(axis=1)
        return summed

    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        """Scores by the sum of the parts."""
        return self.inner.scores(self.total(coef), intercept)

    def scores_of(
        self, features: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        """Scores by some columns of some parts."""
        return self.inner.scores_of(features % self.inner.n_features, coef)

    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        """The same sums for each part."""
        return np.tile(self.inner.pull(slopes), (1, self.n_parts))

    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        """Products of columns of parts."""
        if isinstance(features, slice):
            features = np.arange(self.n_features)[features]
        return self.inner.gram(features % self.inner.n_features)

    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        """Repeated blocks."""
        for tasks, inputs in self.inner.blocks():
            yield tasks, np.tile(inputs, (1, 1, self.n_parts))

    def reweighted(self, weights: Cells, labels: Cells) -> RepeatedRows:
        """The same rows with other weights and labels."""
        return RepeatedRows(self.inner.reweighted(weights, labels), self.n_parts)

    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        """That of one part times the number of parts."""
        return self.n_parts * self.inner.curvature()
