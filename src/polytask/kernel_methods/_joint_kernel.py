"""The joint kernel of labels of several tasks: its products and parts."""

from __future__ import annotations

from functools import cached_property
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
    """

    def __init__(
        self,
        kernel: Float64[np.ndarray, "n n"],
        rows: KernelRows,
        covariance: Float64[np.ndarray, "tasks tasks"],
    ) -> None:
        self.kernel, self.rows, self.covariance = kernel, rows, covariance
        self.own, self.common = split_identity(covariance)
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

    @cached_property
    def features(self) -> tuple[Float64[np.ndarray, "n m"], bool]:
        """L (n, m) with the kernel L Lᵀ of rows, and whether that is all of it (Nyström's if not)."""
        present = np.unique(self.rows.row)
        candidates = present
        if len(present) > 2 * _LANDMARKS:
            random = np.random.default_rng(0)
            candidates = random.choice(present, 2 * _LANDMARKS, replace=False)
        block = self.kernel[np.ix_(candidates, candidates)]
        factor, pivot, rank, _ = dpstrf(
            block, tol=_RANK_TOLERANCE * block.diagonal().max(), lower=1
        )
        m = rank if len(present) == len(candidates) else min(rank, _LANDMARKS)
        landmarks = candidates[pivot[:m] - 1]
        triangle = np.tril(factor[:m, :m])
        wide = solve_triangular(triangle, self.kernel[landmarks], lower=True, check_finite=False).T
        return np.ascontiguousarray(wide), len(candidates) == len(present)

    def _parts(self, chosen: np.ndarray) -> _Parts:
        """The tasks of chosen labels and how their covariance divides, as far as that is less work."""
        tasks, number = np.unique(self.rows.task[chosen], return_inverse=True)
        own, common = split_identity(self.covariance[np.ix_(tasks, tasks)])
        n, all_work = len(self.kernel), dense_work(len(chosen))
        if own <= 0 or common.shape[1] == 0:
            return _Parts(tasks, number, None, all_work)
        columns = (n if n <= 2 * _LANDMARKS else _LANDMARKS) * common.shape[1]
        work = block_work(np.bincount(number), columns)
        return _Parts(tasks, number, common if work < all_work else None, min(work, all_work))

    def work(self, chosen: Int[np.ndarray, " m"]) -> float:
        """Multiplications of a factor of the matrix of chosen labels."""
        return self._parts(chosen).work

    def matrix(
        self, chosen: Int[np.ndarray, " m"], curvature: Float64[np.ndarray, " m"]
    ) -> tuple[JointMatrix, bool]:
        """The matrix of chosen labels, with more on its diagonal, and whether it is exact."""
        row, task = self.rows.row[chosen], self.rows.task[chosen]
        tasks, number, common, _ = self._parts(chosen)
        if common is None:
            dense = self.kernel[np.ix_(row, row)] * self.covariance[np.ix_(task, task)]
            dense.flat[:: len(chosen) + 1] += curvature
            return DenseMatrix(dense), True
        features, whole = self.features
        wide = features[row]
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
        return BlockMatrix(blocks, members, joint), whole


class _Parts(NamedTuple):
    """Tasks, the task of each label among them, R of their covariance (None: all entries), and work."""

    tasks: np.ndarray
    number: np.ndarray
    common: np.ndarray | None
    work: float
