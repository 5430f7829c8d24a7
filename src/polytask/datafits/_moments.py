"""Sums of products of features and labels, from which squared errors are learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy import sparse
from scipy.linalg import solve_triangular

from polytask.datafits._own_rows import OwnRows
from polytask.datafits._shared_rows import SharedRows
from polytask.datafits._task_rows import TaskRows
from polytask.datafits._weighted_products import weighted_products
from polytask.estimators import TaskTable

__all__ = ["Moments"]

_ROUNDING = 1e-13
"""Eigenvalues of products that are taken for 0, in units of the largest."""
_SOUND = 1e-5
"""Pivots of products, in units of the largest, from which on a triangular factor is exact enough."""


class Moments:
    r"""Weighted sums :math:`\sum \omega`, :math:`\sum \omega x`, :math:`\sum \omega x x^\top` and those with labels.

    They are all that squared errors need of rows: rows may come in parts, and the sums of folds are
    differences. Features and labels are shifted by the means of the first rows, which keeps digits.

    Parameters
    ----------
    table : TaskTable
        The first rows; further ones come by `add`.

    Attributes
    ----------
    mass : array of shape (n_tasks,)
        Sums of weights.
    common : bool
        Whether all tasks have had the same rows with the same weights, and so one matrix of products.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.estimators import TaskTable
    >>> from polytask.datafits import Moments
    >>> first = TaskTable(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), None, None, 1)
    >>> moments = Moments(first)
    >>> moments.add(TaskTable(np.array([[2.0]]), np.array([[5.0]]), None, None, 1))
    >>> moments.mass
    array([3.])
    >>> rows = moments.rows()
    >>> rows.intercepts(np.array([[2.0]]), np.zeros(1))
    array([1.])
    """

    def __init__(self, table: TaskTable) -> None:
        n_tasks, n_features = table.n_tasks, table.X.shape[1]
        self.offset = np.zeros(n_features)
        if not sparse.issparse(table.X):
            self.offset = table.X.mean(axis=0)
        self.level = float(np.nanmean(table.labels))
        self.mass = np.zeros(n_tasks)
        self.common = table.task is None
        self.x = np.zeros((1 if self.common else n_tasks, n_features))
        self.xx = np.zeros((len(self.x), n_features, n_features))
        self.xy = np.zeros((n_tasks, n_features))
        self.y, self.yy = np.zeros(n_tasks), np.zeros(n_tasks)
        self.task_weights = table.task_weights
        self.add(table)

    def add(self, table: TaskTable) -> None:
        """Add rows of the same tasks and features."""
        X = table.X if sparse.issparse(table.X) else table.X - self.offset
        labels = table.labels - self.level
        weights = np.ones(labels.shape) if table.weights is None else table.weights
        if table.task is not None:
            if self.common:
                self._part()
            for task in map(int, np.unique(table.task)):
                rows = np.flatnonzero(table.task == task)
                self._add_products(task, X[rows], weights[rows])
                self._add_labels(
                    slice(task, task + 1), X[rows], labels[rows, None], weights[rows, None]
                )
            return
        weights = weights * ~np.isnan(labels)
        labels = np.where(np.isnan(labels), 0.0, labels)
        if self.common and not (weights == weights[:, :1]).all():
            self._part()
        if self.common:
            self._add_products(0, X, weights[:, 0])
        else:
            for task, own in enumerate(weights.T):
                self._add_products(task, X, own)
        self._add_labels(slice(None), X, labels, weights)

    def _part(self) -> None:
        """Let tasks have products of their own, since they have other rows from now on."""
        n_tasks = len(self.mass)
        self.x, self.xx = np.repeat(self.x, n_tasks, axis=0), np.repeat(self.xx, n_tasks, axis=0)
        self.common = False

    def _add_products(self, task: int, X: Any, weights: np.ndarray) -> None:
        self.x[task] += weights @ X
        self.xx[task] += weighted_products(X, weights)

    def _add_labels(self, tasks: slice, X: Any, labels: np.ndarray, weights: np.ndarray) -> None:
        self.mass[tasks] += weights.sum(axis=0)
        weighted = weights * labels
        self.xy[tasks] += np.asarray(X.T @ weighted).T
        self.y[tasks] += weighted.sum(axis=0)
        self.yy[tasks] += (weighted * labels).sum(axis=0)

    def without(self, part: Moments) -> Moments:
        """The sums without those of some of the rows, which had the same first rows."""
        rest = object.__new__(Moments)
        rest.__dict__.update(self.__dict__)
        if self.common and not part.common:
            rest._part()
        for name in ("mass", "x", "xx", "xy", "y", "yy"):
            setattr(rest, name, getattr(rest, name) - getattr(part, name))
        return rest

    def empty(self) -> Moments:
        """Sums of no rows, with the same shifts."""
        return self.without(self)

    def rows(self, *, fit_intercept: bool = True) -> TaskRows:
        """As few rows as have the same squared errors, one more than features.

        They are centred; `TaskRows.intercepts` knows the means. Tasks without labels have rows of zeros.
        """
        n_tasks, n_features = self.xy.shape
        mass = np.where(self.mass > 0, self.mass, 1.0)
        x, y = self.x / self._of_products(mass)[:, None], self.y / mass
        shift = np.broadcast_to(x, (n_tasks, n_features))
        size = n_features + 1
        table, labels = _roots(*self._centred(mass, shift, y, fit_intercept=fit_intercept))
        table, labels = table * np.sqrt(size), labels * np.sqrt(size)
        rows: TaskRows
        if self.common:
            rows = SharedRows(table[0], labels.T, None, self.task_weights, fit_intercept=False)
        else:
            task = np.repeat(np.arange(n_tasks), size)
            flat = table.reshape(-1, n_features), labels.ravel()
            rows = OwnRows(*flat, task, None, self.task_weights, fit_intercept=False)
        rows.counts = self.mass
        if fit_intercept:
            rows.means, rows.level = shift + self.offset, y + self.level
        return rows

    def _of_products(self, values: np.ndarray) -> np.ndarray:
        return values[:1] if self.common else values

    def _centred(
        self, mass: np.ndarray, x: np.ndarray, y: np.ndarray, *, fit_intercept: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean products of features, with labels, and of labels, around their means or around 0."""
        if fit_intercept:
            a, b = -self._of_products(x), -y
        else:
            a, b = (
                np.broadcast_to(self.offset, self._of_products(x).shape),
                np.full(len(y), self.level),
            )
        own = self._of_products(x)
        products = self.xx / self._of_products(mass)[:, None, None]
        products = products + _outer(a, own) + _outer(own, a) + _outer(a, a)
        wide = np.broadcast_to(a, self.xy.shape)
        cross = self.xy / mass[:, None] + wide * y[:, None] + b[:, None] * (x + wide)
        energy = self.yy / mass + 2 * b * y + b**2
        return products, cross, energy


def _outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, :, None] * b[:, None, :]


def _roots(
    products: Float64[np.ndarray, "problems k k"],
    cross: Float64[np.ndarray, "tasks k"],
    energy: Float64[np.ndarray, " tasks"],
) -> tuple[Float64[np.ndarray, "problems rows k"], Float64[np.ndarray, "tasks rows"]]:
    """Rows and labels whose products these are; the last row has what features do not explain."""
    found = _by_triangles(products, cross)
    table, explained = found if found is not None else _by_axes(products, cross)
    left = np.sqrt(np.maximum(energy - (explained**2).sum(axis=1), 0.0))
    table = np.concatenate([table, np.zeros((len(table), 1, table.shape[2]))], axis=1)
    return table, np.concatenate([explained, left[:, None]], axis=1)


def _by_triangles(products: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Triangular rows, which take little time; None if features are nearly dependent."""
    try:
        lower = np.linalg.cholesky(products)
    except np.linalg.LinAlgError:
        return None
    pivots = np.diagonal(lower, axis1=1, axis2=2)
    if (pivots.min(axis=1) < _SOUND * pivots.max(axis=1)).any():
        return None
    if len(lower) == 1:
        explained = solve_triangular(lower[0], cross.T, lower=True).T
    else:
        explained = np.linalg.solve(lower, cross[:, :, None])[:, :, 0]
    return lower.transpose(0, 2, 1), explained


def _by_axes(products: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows along the axes of the products, without those of no length."""
    values, axes = np.linalg.eigh(products)
    least = _ROUNDING * np.maximum(values[:, -1:], 1e-300)
    root = np.sqrt(np.where(values > least, values, 0.0))
    turned = np.einsum("tk,tkj->tj", cross, np.broadcast_to(axes, (len(cross), *axes.shape[1:])))
    explained = np.where(root > 0, turned / np.where(root > 0, root, 1.0), 0.0)
    return root[:, :, None] * axes.transpose(0, 2, 1), explained
