"""Abstract base class of the rows of several tasks, as linear models see them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64, Int

__all__ = ["Cells", "TaskRows"]

Cells = Float64[np.ndarray, "..."]
"""A number per pair of row and task: (n, n_tasks) of a shared table, else (n,) sorted by task."""


class TaskRows(ABC):
    r"""Inputs, labels and weights of several tasks.

    Inputs are centred, :math:`\tilde x = x - \bar x_k` with the weighted mean of each task, so that
    intercepts and coefficients hardly depend on each other. Weights sum to 1 in every task (times the
    weight of the task) and are 0 where a label is missing.

    Attributes
    ----------
    labels, weights : Cells
    means : array of shape (n_tasks, n_features)
        Weighted means that were subtracted; zeros without intercepts.
    level : array of shape (n_tasks,) or float, default 0
        What was subtracted from labels.
    n_tasks, n_features : int
    n_rows : array of shape (n_tasks,), int
        Labelled rows of each task.
    counts : array of shape (n_tasks,)
        Sums of the weights of these as they were given; their number where none were.
    fit_intercept : bool
    common : bool
        Whether all tasks have the same rows with the same weights.
    """

    labels: Cells
    weights: Cells
    means: Float64[np.ndarray, "tasks features"]
    level: Float64[np.ndarray, " tasks"] | float = 0.0
    n_rows: np.ndarray
    counts: Float64[np.ndarray, " tasks"]
    fit_intercept: bool
    common: bool = False

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.means)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.means.shape[1])

    @cached_property
    def mass(self) -> Float64[np.ndarray, " tasks"]:
        """Sum of the weights of each task: 1, or the weight of the task."""
        return self.totals(self.weights)

    @abstractmethod
    def scores(
        self, coef: Float[np.ndarray, "tasks features"], intercept: Float[np.ndarray, " tasks"]
    ) -> Cells:
        r"""Scores :math:`\tilde x^\top w_k + b_k` of all cells."""

    @abstractmethod
    def scores_of(
        self, features: Int[np.ndarray, " k"], coef: Float[np.ndarray, "tasks k"]
    ) -> Cells:
        r"""Scores :math:`\tilde x^\top w_k` of all cells by some features alone."""

    @abstractmethod
    def pull(self, slopes: Cells) -> Float64[np.ndarray, "tasks features"]:
        r"""Sums :math:`\sum_i u_{ik}\,\tilde x_i` over the rows of each task."""

    @abstractmethod
    def totals(self, cells: Cells) -> Float64[np.ndarray, " tasks"]:
        """Sums over the rows of each task."""

    @abstractmethod
    def spread(self, values: Float[np.ndarray, " tasks"]) -> Cells:
        """A value per task for each of its rows, in a shape that broadcasts with cells."""

    @abstractmethod
    def gram(
        self, features: Int[np.ndarray, " k"] | slice = slice(None)
    ) -> Float64[np.ndarray, "..."]:
        r"""Weighted products :math:`\sum_i \omega_{ik}\,\tilde x_i \tilde x_i^\top` of some features.

        Returns
        -------
        array of shape (k, k) or (n_tasks, k, k)
            One for all tasks where these are equal.
        """

    def roots(
        self, features: Int[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "problems rows k"] | None:
        r"""Inputs times :math:`\sqrt{\omega}`, whose products are `gram`; None where that is not cheap.

        Returns
        -------
        array of shape (1, n, k) or (n_tasks, n, k), optional
            One for all tasks where `gram` is; padded with rows of zeros.
        """
        return None

    def roots_of_cells(self, cells: Cells) -> Float64[np.ndarray, "problems rows columns"]:
        r"""Cells times :math:`\sqrt{\omega}`, in the rows of `roots`."""
        raise NotImplementedError

    @abstractmethod
    def blocks(self) -> Iterator[tuple[Int[np.ndarray, " t"], Float64[np.ndarray, "b n features"]]]:
        r"""Centred inputs times the roots of weights, dense, for groups of tasks of similar sizes.

        Yields
        ------
        tasks : array of shape (t,), int
        block : array of shape (t, n, n_features), or (1, n, n_features) if it is the same for all tasks
            Padded with zeros; the products of features are those of `gram`.
        """

    def of_features(self, features: Int[np.ndarray, " k"]) -> TaskRows:
        """The same rows with some features alone."""
        raise NotImplementedError

    def reweighted(self, weights: Cells, labels: Cells) -> TaskRows:
        """The same rows with other weights, above 0 where they were, and labels; centred by these weights."""
        raise NotImplementedError

    @abstractmethod
    def curvature(self) -> Float64[np.ndarray, " tasks"]:
        r"""The largest eigenvalue of the weighted products of each task, or a bound on it."""

    def intercepts(
        self, coef: Float[np.ndarray, "tasks features"], centred: Float[np.ndarray, " tasks"]
    ) -> Float64[np.ndarray, " tasks"]:
        """Intercepts for inputs as they came, of those for centred inputs."""
        return centred + self.level - np.einsum("tp,tp->t", self.means, coef)
