"""Rows that each belong to one task."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int
from scipy import sparse

from polytask.datafits._eigenvalues import largest_eigenvalue
from polytask.datafits._task_rows import Cells, TaskRows
from polytask.datafits._weighted_products import weighted_products

__all__ = ["OwnRows"]

_RATIO = 1.5
"""Of the numbers of rows of the tasks that are padded to one size."""


class _Bucket(NamedTuple):
    """Tasks of similar sizes as one array.

    Attributes
    ----------
    tasks : array of shape (t,), int
    places : array of shape (t, n), int
        Of their rows among all, sorted; the first row where padded.
    filled : array of shape (t, n), bool
    X : array of shape (t, n, n_features)
        Centred inputs, zeros where padded.
    """

    tasks: np.ndarray
    places: np.ndarray
    filled: np.ndarray
    X: np.ndarray


class OwnRows(TaskRows):
    """Rows that each belong to one task, sorted by task.

    Parameters
    ----------
    X : array or sparse array of shape (n, n_features)
        It is not changed.
    labels : array of shape (n,)
    task : array of shape (n,), int
        The task of each row, 0 … n_tasks − 1; each has one at least.
    weights : array of shape (n,), optional
        Of rows; only their ratios within a task count.
    task_weights : array of shape (n_tasks,), optional
        Factors of the tasks' losses; ones by default.
    fit_intercept : bool, default True

    Attributes
    ----------
    order : array of shape (n,), int
        Positions of the sorted rows in X.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import OwnRows
    >>> rows = OwnRows(np.array([[1.0], [5.0], [3.0]]), np.ones(3), np.array([0, 1, 0]))
    >>> rows.means
    array([[2.],
           [5.]])
    >>> rows.scores(np.array([[1.0], [1.0]]), np.zeros(2))
    array([-1.,  1.,  0.])
    """

    def __init__(
        self,
        X: Any,
        labels: Float[np.ndarray, " n"],
        task: Int[np.ndarray, " n"],
        weights: Float[np.ndarray, " n"] | None = None,
        task_weights: Float[np.ndarray, " tasks"] | None = None,
        *,
        fit_intercept: bool = True,
    ) -> None:
        self.order = np.argsort(task, kind="stable")
        self.task = np.asarray(task)[self.order]
        self.n_rows = np.bincount(self.task)
        self.fit_intercept = fit_intercept
        self._starts = np.concatenate([[0], np.cumsum(self.n_rows)])
        given = np.ones(len(task)) if weights is None else np.asarray(weights, dtype=float)
        given = given[self.order]
        factors = 1.0 if task_weights is None else np.asarray(task_weights, dtype=float)
        self.labels = np.asarray(labels, dtype=float)[self.order]
        self.counts = np.bincount(self.task, given)
        self.weights = given * (factors / self.counts)[self.task]
        self._blocks: list[Any] = []
        self._buckets: list[_Bucket] = []
        self._hold(X)

    def _hold(self, X: Any) -> None:
        """Centred blocks of dense inputs in buckets; blocks of sparse ones as they are."""
        self.means = np.zeros((len(self.n_rows), X.shape[1]))
        if not sparse.issparse(X):
            self._buckets = [self._bucket(tasks, X) for tasks in _alike(self.n_rows)]
            return
        self._blocks = [X[rows] for rows in np.split(self.order, self._starts[1:-1])]
        if self.fit_intercept:
            self.means[:] = [w @ block / w.sum() for block, w in self._sparse_blocks()]

    def _bucket(self, tasks: np.ndarray, X: np.ndarray) -> _Bucket:
        size = int(self.n_rows[tasks].max())
        filled = np.arange(size) < self.n_rows[tasks][:, None]
        places = np.where(filled, self._starts[tasks][:, None] + np.arange(size), 0)
        inputs = np.asarray(X[self.order[places]], dtype=float)
        if self.fit_intercept:
            weights = np.where(filled, self.weights[places], 0.0)
            sums = (weights[:, None] @ inputs)[:, 0]
            self.means[tasks] = sums / weights.sum(axis=1)[:, None]
            inputs -= self.means[tasks][:, None]
        inputs[~filled] = 0.0
        return _Bucket(tasks, places, filled, inputs)

    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        r"""Scores :math:`\tilde x^\top w_k + b_k` of each row by its task, (n,)."""
        return self.scores_of(slice(None), coef) + intercept[self.task]

    def scores_of(
        self, features: Int[np.ndarray, " k"] | slice, coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        """Scores by some features alone, (n,); of most of them as of all, which copies no inputs."""
        if not isinstance(features, slice) and 2 * len(features) > self.n_features:
            every = np.zeros((self.n_tasks, self.n_features))
            every[:, features] = coef
            return self.scores_of(slice(None), every)
        found = np.empty(len(self.task))
        for bucket in self._buckets:
            products = (_chosen(bucket, features) @ coef[bucket.tasks][:, :, None])[:, :, 0]
            found[bucket.places[bucket.filled]] = products[bucket.filled]
        for task, block in enumerate(self._blocks):
            own = slice(self._starts[task], self._starts[task + 1])
            shift = self.means[task][features] @ coef[task]
            found[own] = block[:, features] @ coef[task] - shift
        return found

    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        r"""Sums :math:`\sum_i u_i\,\tilde x_i` over the rows of each task."""
        sums = np.empty(self.means.shape)
        for bucket in self._buckets:
            own = np.where(bucket.filled, slopes[bucket.places], 0.0)
            sums[bucket.tasks] = (own[:, None, :] @ bucket.X)[:, 0]
        for task, block in enumerate(self._blocks):
            own = slopes[self._starts[task] : self._starts[task + 1]]
            sums[task] = own @ block - own.sum() * self.means[task]
        return sums

    def totals(self, cells: Cells) -> Float64[np.ndarray, " tasks"]:
        """Sums over the rows of each task."""
        sums: np.ndarray = np.add.reduceat(cells, self._starts[:-1])
        return sums

    def spread(self, values: Float[np.ndarray, " tasks"]) -> Cells:
        """The value of each row's task."""
        return np.asarray(values, dtype=float)[self.task]

    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        """Weighted products of features, (n_tasks, k, k)."""
        k = len(np.arange(self.n_features)[features])
        products = np.empty((self.n_tasks, k, k))
        for bucket in self._buckets:
            scaled = self._scaled(bucket, features)
            products[bucket.tasks] = scaled.transpose(0, 2, 1) @ scaled
        for task, (block, weights) in enumerate(self._sparse_blocks()):
            own, mean = block[:, features], self.means[task][features]
            products[task] = weighted_products(own, weights)
            products[task] -= weights.sum() * np.outer(mean, mean)
        return products

    def roots(
        self, features: Int[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "problems rows k"] | None:
        r"""Inputs times :math:`\sqrt{\omega}`, (n_tasks, n, k); None of sparse inputs."""
        if self._blocks:
            return None
        if len(self._buckets) == 1:
            return self._scaled(self._buckets[0], features)
        found = np.zeros((self.n_tasks, int(self.n_rows.max()), len(features)))
        for bucket in self._buckets:
            scaled = self._scaled(bucket, features)
            found[bucket.tasks, : scaled.shape[1]] = scaled
        return found

    def roots_of_cells(self, cells: Cells) -> Float64[np.ndarray, "problems rows columns"]:
        r"""Cells times :math:`\sqrt{\omega}`, (n_tasks, n, 1)."""
        found = np.zeros((self.n_tasks, int(self.n_rows.max()), 1))
        place = np.arange(len(self.task)) - self._starts[self.task]
        found[self.task, place, 0] = np.sqrt(self.weights) * cells
        return found

    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        """Centred inputs times the roots of weights, for tasks of similar sizes."""
        for bucket in self._buckets:
            yield bucket.tasks, self._scaled(bucket)
        for task, (block, weights) in enumerate(self._sparse_blocks()):
            centred = (block.toarray() - self.means[task]) * np.sqrt(weights)[:, None]
            yield np.array([task]), centred[None]

    def of_features(self, features: Int[np.ndarray, " k"]) -> OwnRows:
        """The same rows with some features alone."""
        chosen = copy(self)
        chosen.means = self.means[:, features]
        blocks = [block[:, features] for block in self._blocks]
        buckets = [each._replace(X=each.X[:, :, features]) for each in self._buckets]
        chosen._blocks, chosen._buckets = blocks, buckets  # noqa: SLF001
        return chosen

    def reweighted(self, weights: Cells, labels: Cells) -> OwnRows:
        """The same rows with other weights and labels."""
        chosen = copy(self)
        vars(chosen).pop("mass", None)
        chosen.weights, chosen.labels = weights, labels
        if self.fit_intercept:
            chosen._centre_anew()  # noqa: SLF001
        return chosen

    def _centre_anew(self) -> None:
        """Means by the present weights, and inputs less these."""
        self.means, buckets = self.means.copy(), []
        for bucket in self._buckets:
            shares = np.where(bucket.filled, self.weights[bucket.places], 0.0)
            shift = (shares / shares.sum(axis=1, keepdims=True))[:, None] @ bucket.X
            self.means[bucket.tasks] += shift[:, 0]
            buckets.append(bucket._replace(X=(bucket.X - shift) * bucket.filled[:, :, None]))
        self._buckets = buckets
        for task, (block, weights) in enumerate(self._sparse_blocks()):
            self.means[task] = weights @ block / weights.sum()

    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        """The largest eigenvalue of the weighted products of each task."""
        largest = np.empty(self.n_tasks)
        for bucket in self._buckets:
            scaled = self._scaled(bucket)
            if scaled.shape[1] < scaled.shape[2]:
                scaled = scaled.transpose(0, 2, 1)
            products = scaled.transpose(0, 2, 1) @ scaled
            largest[bucket.tasks] = np.linalg.eigvalsh(products)[:, -1]
        for task, (block, weights) in enumerate(self._sparse_blocks()):
            largest[task] = largest_eigenvalue(block, weights, self.means[task])
        return np.maximum(largest, 0.0)

    def _scaled(
        self, bucket: _Bucket, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> np.ndarray:
        """Some inputs of a bucket times the roots of their weights, (t, n, k)."""
        weights = np.where(bucket.filled, self.weights[bucket.places], 0.0)
        inputs, roots = _chosen(bucket, features), np.sqrt(weights)[:, :, None]
        fresh = None if isinstance(features, slice) else inputs
        scaled: np.ndarray = np.multiply(inputs, roots, out=fresh)
        return scaled

    def _sparse_blocks(self) -> Iterator[tuple[Any, np.ndarray]]:
        return zip(self._blocks, np.split(self.weights, self._starts[1:-1]), strict=False)


def _chosen(bucket: _Bucket, features: Int[np.ndarray, " k"] | slice) -> np.ndarray:
    """Some inputs of a bucket: a copy, or a view by a slice."""
    if isinstance(features, slice):
        return bucket.X[:, :, features]
    return bucket.X.take(features, axis=2)


def _alike(sizes: Int[np.ndarray, " tasks"]) -> Iterator[np.ndarray]:
    """Tasks in groups, sorted in each, whose numbers of rows differ by a factor of 1.5 at most."""
    order = np.argsort(sizes, kind="stable")
    first = 0
    for last in range(1, len(order) + 1):
        if last == len(order) or sizes[order[last]] > _RATIO * sizes[order[first]]:
            yield np.sort(order[first:last])
            first = last
