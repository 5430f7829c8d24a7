"""Rows of tasks whose losses are multiplied by factors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Float64, Int

from polytask.datafits._derived_rows import DerivedRows
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["ScaledTasks"]


class ScaledTasks(DerivedRows):
    r"""Rows with the weights of each task multiplied by a factor.

    Products of features are those of the rows times the factors, and need not be computed anew.

    Parameters
    ----------
    inner : TaskRows
    factors : array of shape (n_tasks,)
        Above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import ScaledTasks, SharedRows
    >>> rows = SharedRows(np.array([[1.0], [3.0]]), np.ones((2, 2)))
    >>> ScaledTasks(rows, np.array([1.0, 2.0])).gram().ravel()
    array([1., 2.])
    """

    def __init__(self, inner: TaskRows, factors: Float[np.ndarray, " tasks"]) -> None:
        super().__init__(inner)
        self.factors, self.common = np.asarray(factors, dtype=float), False
        self.weights = inner.weights * inner.spread(self.factors)

    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        """Those of the rows."""
        return self.inner.scores(coef, intercept)

    def scores_of(
        self, features: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        """Those of the rows, by some features alone."""
        return self.inner.scores_of(features, coef)

    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        """Sums over the rows of each task."""
        return self.inner.pull(slopes)

    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        """Products of each task, (n_tasks, k, k)."""
        products: np.ndarray = self.inner.gram(features) * self.factors[:, None, None]
        return products

    def roots(
        self, features: Int[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "problems rows k"] | None:
        """Scaled inputs of each task, (n_tasks, n, k); None where those of the rows are not cheap."""
        inputs = self.inner.roots(features)
        return None if inputs is None else inputs * np.sqrt(self.factors)[:, None, None]

    def roots_of_cells(self, cells: Cells) -> Float64[np.ndarray, "problems rows columns"]:
        """Scaled cells of each task, (n_tasks, n, 1)."""
        columns = self.inner.roots_of_cells(cells)
        if len(columns) == 1:
            columns = columns[0].T[:, :, None]
        scaled: np.ndarray = columns * np.sqrt(self.factors)[:, None, None]
        return scaled

    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        """Scaled inputs of each task; of a common table by its triangular factor where that is smaller."""
        for tasks, inputs in self.inner.blocks():
            block: np.ndarray = inputs
            if len(inputs) < len(tasks) and inputs.shape[1] > inputs.shape[2]:
                triangle: np.ndarray = np.linalg.qr(inputs, mode="r")  # type: ignore[assignment] # numpy's stubs know no "r"
                block = triangle
            yield tasks, block * np.sqrt(self.factors[tasks])[:, None, None]

    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        """Those of the rows times the factors."""
        largest: np.ndarray = self.inner.curvature() * self.factors
        return largest
