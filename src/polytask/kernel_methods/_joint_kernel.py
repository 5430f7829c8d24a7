"""The joint kernel of labels of several tasks: its products and parts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from polytask.kernel_methods._joint_matrices import (
    BlockMatrix,
    DenseMatrix,
    JointMatrix,
    block_work,
    dense_work,
)
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._task_matrix import split_identity

__all__ = ["JointKernel"]

_LANDMARKS = 300
_AT_ONCE = 1.2e10
_BLOCK = 1 << 24
_RANK_TOLERANCE = 1e-13


class JointKernel:
    r"""The matrix :math:`B_{kl} k(x_i, x_j)` of labels, with the covariance :math:`B = d I + R R^\top`.

    Attributes
    ----------
    kernel : array of shape (n, n)
        Of rows.
    rows : KernelRows
    own : float
        d.
    common : array of shape (n_tasks, rank)
        R.
    diagonal : array of shape (n_labels,)
    n_landmarks : int
        Rows by which all are described where the exact matrix is too much work.
    """

    def __init__(
        self,
        kernel: Float64[np.ndarray, "n n"],
        rows: KernelRows,
        covariance: Float64[np.ndarray, "tasks tasks"],
    ) -> None:
        self.kernel, self.rows, self.covariance = kernel, rows, covariance
        self.own, self.common = split_identity(covariance)
        self.n_landmarks = min(_LANDMARKS, len(kernel))
        self._features: dict[int, np.ndarray] = {}
        row, task = rows.row, rows.task
        self.diagonal = kernel.diagonal()[row] * covariance.diagonal()[task]

    def product(
        self, beta: Float64[np.ndarray, " m"], chosen: Int[np.ndarray, " m"]
    ) -> Float64[np.ndarray, " labels"]:
        """The columns of chosen labels times their coefficients."""
        row, task = self.rows.row, self.rows.task
        product = np.zeros(len(row))
        if self.common.shape[1]:
            wide = np.zeros((len(self.kernel), self.common.shape[1]))
            np.add.at(wide, row[chosen], beta[:, None] * self.common[task[chosen]])
            used = np.flatnonzero(np.bincount(row[chosen], minlength=len(wide)))
            few = 2 * len(used) < len(wide)
            spread = self.kernel[used].T @ wide[used] if few else self.kernel @ wide
            product = np.einsum("ij,ij->i", spread[row], self.common[task])
        if self.own > 0:
            for each in np.unique(task[chosen]):
                inside, outside = chosen[task[chosen] == each], np.flatnonzero(task == each)
                step = max(1, _BLOCK // len(inside))
                for part in np.array_split(outside, -(-len(outside) // step)):
                    block = self.kernel[np.ix_(row[part], row[inside])]
                    product[part] += self.own * (block @ beta[task[chosen] == each])
        return product

    def with_covariance(self, covariance: Float64[np.ndarray, "tasks tasks"]) -> JointKernel:
        """The same kernel of rows with another covariance."""
        other = JointKernel(self.kernel, self.rows, covariance)
        other.n_landmarks, other._features = self.n_landmarks, self._features
        return other

    def refine(self) -> None:
        """Describe rows by twice as many of them, or by all."""
        n = len(self.kernel)
        self.n_landmarks = n if 4 * self.n_landmarks >= n else 2 * self.n_landmarks

    def features(self, most: int) -> Float64[np.ndarray, "n m"]:
        """L (n, m) with the kernel L Lᵀ of rows; Nyström's where `most` rows are not all."""
        if most not in self._features:
            candidates = np.unique(self.rows.row)
            if len(candidates) > 2 * most:
                random = np.random.default_rng(0)
                candidates = random.choice(candidates, 2 * most, replace=False)
            block = self.kernel[np.ix_(candidates, candidates)]
            tolerance = _RANK_TOLERANCE * block.diagonal().max()
            factor, pivot, rank, _ = dpstrf(block, tol=tolerance, lower=1)
            m = min(rank, most)
            triangle = np.tril(factor[:m, :m])
            columns = self.kernel[candidates[pivot[:m] - 1]]
            wide = solve_triangular(triangle, columns, lower=True, check_finite=False).T
            self._features[most] = np.ascontiguousarray(wide)
        return self._features[most]

    def _parts(self, chosen: np.ndarray) -> _Parts:
        """The tasks of chosen labels, how their covariance divides, and what is least work.

        All is exact unless that is much work.
        """
        tasks, number = np.unique(self.rows.task[chosen], return_inverse=True)
        own, common = split_identity(self.covariance[np.ix_(tasks, tasks)])
        dense = _Parts(tasks, number, common, 0, dense_work(len(chosen)))
        if own <= 0 or common.shape[1] == 0:
            return dense
        n, sizes = len(self.kernel), np.bincount(number)
        blocks = [
            dense._replace(most=most, work=block_work(sizes, most * common.shape[1]))
            for most in (n, self.n_landmarks)
        ]
        exact = min(dense, blocks[0], key=lambda parts: parts.work)
        return exact if exact.work <= _AT_ONCE or blocks[1].work >= exact.work else blocks[1]

    def work(self, chosen: Int[np.ndarray, " m"]) -> float:
        """Multiplications of a factor of the matrix of chosen labels."""
        return self._parts(chosen).work

    def matrix(
        self, chosen: Int[np.ndarray, " m"], curvature: Float64[np.ndarray, " m"]
    ) -> tuple[JointMatrix, bool]:
        """The matrix of chosen labels, with more on its diagonal, and whether it is exact."""
        row, task = self.rows.row[chosen], self.rows.task[chosen]
        tasks, number, common, most, _ = self._parts(chosen)
        if most == 0:
            dense = self.kernel[np.ix_(row, row)] * self.covariance[np.ix_(task, task)]
            dense.flat[:: len(chosen) + 1] += curvature
            return DenseMatrix(dense), True
        wide = self.features(most)[row]
        blocks, members = [], []
        for position, each in enumerate(tasks):
            inside = np.flatnonzero(number == position)
            block = self.kernel[np.ix_(row[inside], row[inside])] * self.covariance[each, each]
            # What the features leave of a task's own kernel stays in its block.
            block -= (common[position] @ common[position]) * (wide[inside] @ wide[inside].T)
            block.flat[:: len(inside) + 1] += curvature[inside]
            blocks.append(block)
            members.append(inside)
        joint = (common[number][:, :, None] * wide[:, None, :]).reshape(len(chosen), -1)
        return BlockMatrix(blocks, members, joint), most >= len(self.kernel)


class _Parts(NamedTuple):
    """Tasks, the task of each label among them, R of their covariance, the most columns (0: all entries), and work."""

    tasks: np.ndarray
    number: np.ndarray
    common: np.ndarray
    most: int
    work: float
