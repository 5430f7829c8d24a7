"""Rows with inputs that are linear functions of others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float64, Int

from polytask.datafits._derived_rows import DerivedRows
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["MappedRows"]


class MappedRows(DerivedRows):
    r"""Rows with the inputs :math:`L^\top \tilde x` in place of :math:`\tilde x`.

    A loss of :math:`W = S L^\top` becomes a loss of S, (n_tasks, k), and any solver serves it.

    Parameters
    ----------
    inner : TaskRows
    directions : array of shape (n_features, k)
        L.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import MappedRows, SharedRows
    >>> rows = SharedRows(np.array([[1.0, 0.0], [3.0, 4.0]]), np.ones((2, 1)))
    >>> MappedRows(rows, np.array([[1.0], [1.0]])).scores(np.array([[2.0]]), np.zeros(1)).ravel()
    array([-6.,  6.])
    """

    def __init__(self, inner: TaskRows, directions: Float[np.ndarray, "features k"]) -> None:
        super().__init__(inner)
        self.directions, self.means = directions, inner.means @ directions

    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        """Scores by S Lᵀ."""
        return self.inner.scores(coef @ self.directions.T, intercept)

    def scores_of(
        self, features: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        """Scores by some columns of S and L."""
        whole = coef @ self.directions[:, features].T
        return self.inner.scores(whole, np.zeros(len(coef)))

    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        """Sums of mapped inputs."""
        sums: np.ndarray = self.inner.pull(slopes) @ self.directions
        return sums

    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        """Products of mapped inputs."""
        columns = self.directions[:, features]
        k = columns.shape[1]
        products = np.empty((1 if self.common else self.n_tasks, k, k))
        for tasks, inputs in self.inner.blocks():
            mapped = inputs @ columns
            products[0 if self.common else tasks] = mapped.transpose(0, 2, 1) @ mapped
        return products[0] if self.common else products

    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        """Mapped blocks."""
        for tasks, inputs in self.inner.blocks():
            yield tasks, inputs @ self.directions

    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        """The largest eigenvalue of the products of each task."""
        largest = np.maximum(np.linalg.eigvalsh(self.gram())[..., -1], 0.0)
        return np.broadcast_to(largest, (self.n_tasks,)).copy()
