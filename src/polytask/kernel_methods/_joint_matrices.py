"""Joint kernels of labels of several tasks, as what interior-point methods need of a matrix."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular

__all__ = [
    "JITTER",
    "BlockMatrix",
    "DenseMatrix",
    "Factor",
    "JointMatrix",
    "block_work",
    "dense_work",
]

JITTER = 1e-14
_REFINEMENTS = 3
_LEFT = 1e-13


class Factor(ABC):
    """Solves equations with a matrix plus a diagonal, and given sums of groups."""

    @abstractmethod
    def solve(
        self,
        right: Float64[np.ndarray, " n"],
        group: Int[np.ndarray, " n"],
        sums: Float64[np.ndarray, " groups"],
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " groups"]]:
        """The solution x with the sums of groups, and the levels of groups that are added to `right` for it.

        There are no conditions where `sums` is empty; groups without members have the level 0.
        """


class JointMatrix(ABC):
    """A positive semi-definite matrix.

    Attributes
    ----------
    diagonal : array of shape (n,)
    """

    diagonal: Float64[np.ndarray, " n"]

    @abstractmethod
    def product(self, values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """The matrix times a vector."""

    @abstractmethod
    def factor(self, diagonal: Float64[np.ndarray, " n"]) -> Factor:
        """A factor of the matrix plus a diagonal."""

    @abstractmethod
    def take(self, chosen: np.ndarray) -> JointMatrix:
        """Some rows and the same columns."""


class DenseMatrix(JointMatrix):
    """All entries.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._joint_matrices import DenseMatrix
    >>> factor = DenseMatrix(np.eye(2)).factor(np.array([1.0, 3.0]))
    >>> factor.solve(np.ones(2), np.zeros(2, dtype=int), np.zeros(0))[0]
    array([0.5 , 0.25])
    """

    def __init__(self, matrix: Float64[np.ndarray, "n n"]) -> None:
        self.matrix = matrix
        self.diagonal = np.diag(matrix)

    def product(self, values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """The matrix times a vector."""
        return self.matrix @ values

    def factor(self, diagonal: Float64[np.ndarray, " n"]) -> Factor:
        """A Cholesky factor."""
        return _DenseFactor(cholesky(self.matrix, diagonal))

    def take(self, chosen: np.ndarray) -> JointMatrix:
        """Some rows and the same columns."""
        return DenseMatrix(self.matrix[np.ix_(chosen, chosen)])


class _DenseFactor(Factor):
    def __init__(self, factor: Any) -> None:
        self.cholesky = factor
        self.spread: Any = None

    def solve(self, right: Any, group: Any, sums: Any) -> Any:
        answer, level = self._solve(right), np.zeros(len(sums))
        present = np.unique(group) if len(sums) else group[:0]
        if len(present):
            member = (group[:, None] == present).astype(float)
            if self.spread is None:
                self.spread = self._solve(member)
            lack = sums[present] - member.T @ answer
            level[present] = np.linalg.solve(member.T @ self.spread, lack)
            answer = answer + self.spread @ level[present]
        return answer, level

    def _solve(self, right: Any) -> Any:
        return cho_solve(self.cholesky, right, check_finite=False)


@dataclass(eq=False)
class BlockMatrix(JointMatrix):
    r"""Blocks on the diagonal plus a product of a matrix of few columns: :math:`\operatorname{diag}(A_k) + U U^\top`.

    Attributes
    ----------
    blocks : sequence of arrays of shape (n_k, n_k)
        Positive semi-definite.
    members : sequence of arrays of shape (n_k,), int
        Rows of each block, which together are 0 … n − 1; a group of conditions is one block.
    wide : array of shape (n, m)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._joint_matrices import BlockMatrix
    >>> ones, rows = np.ones((1, 1)), [np.array([0]), np.array([1])]
    >>> matrix = BlockMatrix([ones, ones], rows, np.ones((2, 1)))
    >>> matrix.factor(np.ones(2)).solve(np.array([4.0, 0.0]), np.arange(2), np.zeros(0))[0]
    array([ 1.5, -0.5])
    """

    blocks: Sequence[Float64[np.ndarray, "own own"]]
    members: Sequence[np.ndarray]
    wide: Float64[np.ndarray, "n m"]

    def __post_init__(self) -> None:
        self.diagonal = np.einsum("ij,ij->i", self.wide, self.wide)
        for block, own in zip(self.blocks, self.members, strict=True):
            self.diagonal[own] += np.diag(block)

    def product(self, values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """The matrix times a vector."""
        product = self.wide @ (self.wide.T @ values)
        for block, own in zip(self.blocks, self.members, strict=True):
            product[own] += block @ values[own]
        return product

    def factor(self, diagonal: Float64[np.ndarray, " n"]) -> Factor:
        """Cholesky factors of the blocks, and one of m equations (Woodbury)."""
        return _BlockFactor(self, diagonal)

    def take(self, chosen: np.ndarray) -> JointMatrix:
        """Some rows and the same columns."""
        position = np.full(len(self.diagonal), -1)
        position[chosen] = np.arange(len(chosen))
        blocks, members = [], []
        for block, own in zip(self.blocks, self.members, strict=True):
            kept = np.flatnonzero(position[own] >= 0)
            if len(kept):
                blocks.append(block[np.ix_(kept, kept)])
                members.append(position[own[kept]])
        return BlockMatrix(blocks, members, self.wide[chosen])


class _Block(NamedTuple):
    """One block's rows, group, factor, and solutions for ones, whose sum is `total`; 0 without conditions."""

    own: np.ndarray
    group: int
    factor: Any
    ones: np.ndarray
    total: float

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The solution of one or several right-hand sides."""
        return np.asarray(cho_solve(self.factor, right, check_finite=False))


class _BlockFactor(Factor):
    """Woodbury's formula on blocks with a sum each; errors are corrected by what is left of the right-hand side."""

    def __init__(self, matrix: BlockMatrix, diagonal: np.ndarray) -> None:
        self.matrix, self.added = matrix, diagonal
        self.factors = [
            cholesky(block, diagonal[own])
            for block, own in zip(matrix.blocks, matrix.members, strict=True)
        ]
        self.blocks: list[_Block] = []

    def _prepare(self, group: Any, conditions: bool) -> None:
        """The equations of the few columns, for blocks with or without a sum."""
        wide = self.matrix.wide
        whitened = np.empty_like(wide)
        centres = []
        for factor, own in zip(self.factors, self.matrix.members, strict=True):
            whitened[own] = solve_triangular(factor[0], wide[own], lower=True, check_finite=False)
            ones = cho_solve(factor, np.ones(len(own)), check_finite=False)
            total = float(ones.sum()) if conditions else 0.0
            self.blocks.append(_Block(own, int(group[own[0]]), factor, ones, total))
            if conditions:
                centres.append(wide[own].T @ ones / np.sqrt(total))
        inner = whitened.T @ whitened
        if centres:
            inner -= np.array(centres).T @ np.array(centres)
        self.inner = cholesky(inner, np.ones(len(inner)))

    def solve(self, right: Any, group: Any, sums: Any) -> Any:
        if not self.blocks:
            self._prepare(group, len(sums) > 0)
        answer, level = self._once(right, sums)
        for _ in range(_REFINEMENTS):
            left = right - self.matrix.product(answer) - self.added * answer
            lack = sums
            if len(sums):
                left = left + level[group]
                lack = sums - np.bincount(group, answer, len(sums))
            if np.abs(left).max() <= _LEFT * np.abs(right).max():
                break
            more, raised = self._once(left, lack)
            answer, level = answer + more, level + raised
        return answer, level

    def _once(self, right: Any, lack: Any) -> Any:
        wide = self.matrix.wide
        apart, _ = self._apart(right, lack)
        common = cho_solve(self.inner, wide.T @ apart, check_finite=False)
        return self._apart(right - wide @ common, lack)

    def _apart(self, right: Any, lack: Any) -> Any:
        """Solutions of the blocks alone."""
        answer, level = np.empty(len(right)), np.zeros(len(lack))
        for block in self.blocks:
            own = block.solve(right[block.own])
            if block.total:
                level[block.group] = (lack[block.group] - own.sum()) / block.total
                own = own + level[block.group] * block.ones
            answer[block.own] = own
        return answer, level


def cholesky(matrix: Float64[np.ndarray, "n n"], diagonal: Float64[np.ndarray, " n"]) -> Any:
    """Cholesky factor of a matrix plus a diagonal; with more on it where that is not definite."""
    jitter = 0.0
    while True:
        damped = matrix.copy()
        damped.flat[:: len(matrix) + 1] += diagonal + jitter
        try:
            return cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            jitter = max(10 * jitter, JITTER * float(np.trace(matrix)), 1e-300)


def dense_work(n: int) -> float:
    """Multiplications of a factor of all entries."""
    return n**3 / 3


def block_work(sizes: np.ndarray, n_columns: int) -> float:
    """Multiplications of a factor of blocks of some sizes and a product of `n_columns` columns."""
    own = sizes.astype(float)
    alone = float((own**3 / 3 + own**2 * n_columns).sum())
    return alone + float(own.sum()) * n_columns**2 + n_columns**3 / 3
