"""Means and variances of a process of several tasks, given its hyper-parameters and labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg import cho_solve, cholesky, solve_triangular

from polytask._gaussian import Decomposition, kernel_of_scales
from polytask.gaussian_processes._labelled_rows import LabelledRows

__all__ = ["JITTER", "InducingPosterior", "JointPosterior", "KroneckerPosterior", "Posterior"]

JITTER = 1e-6
"""Added to the diagonal of kernels of inducing rows."""

_ENTRIES = 1 << 23
"""Largest number of entries of a kernel matrix of predictions, at a time."""


@dataclass(frozen=True, eq=False)
class Posterior(ABC):
    """Of standardised labels.

    Attributes
    ----------
    X : array of shape (n, n_features)
        Rows of training.
    kernel : str
    log_scales : array of shape (n_kernels, n_scales)
    covariances : array of shape (n_kernels, n_tasks, n_tasks)
    """

    X: Float64[np.ndarray, "n p"]
    kernel: str
    log_scales: Float64[np.ndarray, "kernels scales"]
    covariances: Float64[np.ndarray, "kernels tasks tasks"]

    def kernels(self, X: Float64[np.ndarray, "m p"]) -> list[Float64[np.ndarray, "m n"]]:
        """Each kernel of new rows with those of training."""
        return [kernel_of_scales(X, self.X, each, self.kernel) for each in self.log_scales]

    def mean(
        self,
        X: Float64[np.ndarray, "m p"],
        task: Int[np.ndarray, " m"] | None,
        dual_coef: Float64[np.ndarray, "kernels n tasks"],
    ) -> Float64[np.ndarray, "..."]:
        """Means of all tasks, (m, n_tasks), or of each row by its own task, (m,)."""
        n_tasks = self.covariances.shape[1]
        answer = np.empty((len(X), n_tasks) if task is None else len(X))
        step = max(1, _ENTRIES // len(self.X))
        for start in range(0, len(X), step):
            part = slice(start, start + step)
            pairs = zip(self.kernels(X[part]), dual_coef, strict=True)
            if task is None:
                answer[part] = sum(matrix @ coef for matrix, coef in pairs)
            else:
                own = task[part]
                answer[part] = sum(
                    np.einsum("mn,nm->m", matrix, coef[:, own]) for matrix, coef in pairs
                )
        return answer

    def variance(
        self, X: Float64[np.ndarray, "m p"], task: Int[np.ndarray, " m"] | None
    ) -> Float64[np.ndarray, "..."]:
        """Variances of the functions, without noise, in the shape of `mean`."""
        own = np.einsum("qkk->k", self.covariances)
        answer = np.empty((len(X), len(own)) if task is None else (len(X), 1))
        step = max(1, _ENTRIES // self.n_known)
        if task is None:
            groups = [(np.arange(len(X)), np.arange(len(own)))]
        else:
            groups = [(np.flatnonzero(task == each), each[None]) for each in np.unique(task)]
        for rows, tasks in groups:
            for start in range(0, len(rows), step):
                part = rows[start : start + step]
                answer[part] = np.maximum(own[tasks] - self.explained(X[part], tasks), 0.0)
        return answer if task is None else answer[:, 0]

    @property
    @abstractmethod
    def n_known(self) -> int:
        """Number of columns of the matrix that `explained` needs of every row."""

    @abstractmethod
    def explained(
        self, X: Float64[np.ndarray, "m p"], tasks: Int[np.ndarray, " some"]
    ) -> Float64[np.ndarray, "m some"]:
        """By how much the labels lower the variances of tasks' functions."""


@dataclass(frozen=True, eq=False)
class JointPosterior(Posterior):
    """By one Cholesky factor of all labels.

    Attributes
    ----------
    row, task : array of shape (n_labels,), int
    noise : array of shape (n_labels,)
        Variances.
    """

    row: Int[np.ndarray, " labels"]
    task: Int[np.ndarray, " labels"]
    noise: Float64[np.ndarray, " labels"]

    @cached_property
    def factor(self) -> Float64[np.ndarray, "labels labels"]:
        """Lower Cholesky factor of the covariance of labels."""
        joint = np.zeros((len(self.row), len(self.row)))
        for matrix, covariance in zip(self.kernels(self.X), self.covariances, strict=True):
            joint += matrix[self.row][:, self.row] * covariance[self.task][:, self.task]
        joint.flat[:: len(joint) + 1] += self.noise
        factor: np.ndarray = cholesky(joint, lower=True, overwrite_a=True)
        return factor

    def dual_coef(
        self, label: Float64[np.ndarray, " labels"]
    ) -> Float64[np.ndarray, "kernels n tasks"]:
        """Coefficients of each kernel."""
        solved = cho_solve((self.factor, True), label)
        table = np.zeros((len(self.X), self.covariances.shape[1]))
        np.add.at(table, (self.row, self.task), solved)
        return table @ self.covariances

    @property
    def n_known(self) -> int:
        """Number of labels."""
        return len(self.row)

    def explained(self, X: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        """Squares of covariances with labels, in the coordinates of the factor."""
        kernels, columns = self.kernels(X), []
        for task in tasks:
            cross = np.zeros((len(X), len(self.row)))
            for matrix, covariance in zip(kernels, self.covariances, strict=True):
                cross += matrix[:, self.row] * covariance[task, self.task]
            solved = solve_triangular(self.factor, cross.T, lower=True)
            columns.append(np.square(solved).sum(axis=0))
        return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class KroneckerPosterior(Posterior):
    """Of complete rows and one kernel, by the eigenvectors of the kernel and of the tasks.

    Attributes
    ----------
    noise : array of shape (n_tasks,)
        Variances.
    """

    noise: Float64[np.ndarray, " tasks"]

    @cached_property
    def parts(self) -> Decomposition:
        """Eigenvectors of both."""
        (matrix,) = self.kernels(self.X)
        return Decomposition.of(matrix, self.covariances[0], np.log(self.noise))

    def dual_coef(
        self, label: Float64[np.ndarray, " labels"]
    ) -> Float64[np.ndarray, "kernels n tasks"]:
        """Coefficients of the kernel; labels row by row."""
        labels = label.reshape(len(self.X), -1)
        return self.parts.dual(labels) @ self.covariances

    @property
    def n_known(self) -> int:
        """Number of rows."""
        return len(self.X)

    def explained(self, X: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        """Squares of projections on the eigenvectors, weighted by what the noise leaves."""
        (matrix,) = self.kernels(X)
        _, vectors, sizes, axes, spectrum = self.parts
        shares = np.square(axes[tasks] * self.noise[tasks, None])
        squares: np.ndarray = np.square(matrix @ vectors) @ (sizes**2 / spectrum @ shares.T)
        return squares


@dataclass(frozen=True, eq=False)
class InducingPosterior(Posterior):
    """By the values of the shared functions at inducing rows, which X holds.

    Attributes
    ----------
    factors : array of shape (n_kernels, n_tasks, rank)
        Of the covariances.
    root : array of shape (n_kernels · rank · n, n_kernels · rank · n)
        Lower Cholesky factor of the precision of these values, in the coordinates of `features`.
    """

    factors: Float64[np.ndarray, "kernels tasks rank"]
    root: Float64[np.ndarray, "values values"]

    def bases(self, X: Float64[np.ndarray, "m p"]) -> list[np.ndarray]:
        """Of each kernel, values with those of the inducing rows, which are made independent."""
        return [
            solve_triangular(root, matrix.T, lower=True).T
            for root, matrix in zip(self._roots, self.kernels(X), strict=True)
        ]

    @cached_property
    def _roots(self) -> list[np.ndarray]:
        eye = JITTER * np.eye(len(self.X))
        return [cholesky(matrix + eye, lower=True) for matrix in self.kernels(self.X)]

    def features(self, bases: Sequence[np.ndarray], task: Any) -> np.ndarray:
        """Coordinates of rows in the space of the values, of one task or of each row's task."""
        parts = [
            factor[task][..., :, None] * base[:, None, :]
            for factor, base in zip(self.factors, bases, strict=True)
        ]
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def learned(
        self,
        rows: LabelledRows,
        label: Float64[np.ndarray, " labels"],
        noise: Float64[np.ndarray, " labels"],
    ) -> tuple[np.ndarray, np.ndarray]:
        """The root, and coefficients of each kernel.

        Parameters
        ----------
        rows : LabelledRows
        label : array of shape (n_labels,)
            Less their means.
        noise : array of shape (n_labels,)
            Variances.
        """
        psi = self.features([base[rows.row] for base in self.bases(rows.X)], rows.task)
        weighted = psi / noise[:, None]
        root = cholesky(np.eye(psi.shape[1]) + weighted.T @ psi, lower=True)
        values = cho_solve((root, True), weighted.T @ label)
        n_kernels, _, rank = self.factors.shape
        parts = values.reshape(n_kernels, rank, len(self.X))
        coef = [
            solve_triangular(inside, part.T, lower=True, trans=1) @ factor.T
            for inside, part, factor in zip(self._roots, parts, self.factors, strict=True)
        ]
        return root, np.stack(coef)

    @property
    def n_known(self) -> int:
        """Number of values."""
        return len(self.root)

    def explained(self, X: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        """Squares of coordinates, less those that the labels leave open."""
        bases, columns = self.bases(X), []
        for task in tasks:
            psi = self.features(bases, task)
            left = solve_triangular(self.root, psi.T, lower=True)
            columns.append(np.square(psi).sum(axis=1) - np.square(left).sum(axis=0))
        return np.stack(columns, axis=1)
