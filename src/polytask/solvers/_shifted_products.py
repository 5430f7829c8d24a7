"""Products of features plus a multiple of the identity, and their inverses, for all tasks at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from polytask.datafits import RepeatedRows, ScaledTasks, SquaredBound

__all__ = ["ShiftedProducts", "shifted_products"]

Values = Float[np.ndarray, "tasks k"]


class ShiftedProducts(ABC):
    r"""The maps :math:`(G_k + \rho I)^{-1}` of the products G of squared errors.

    Coefficients may be those of another orthonormal basis, in which `expand` finds those of features.

    Attributes
    ----------
    cross : array of shape (n_tasks, k)
        Products of the basis and labels.
    mean : float
        Mean eigenvalue of the products.
    """

    cross: Values
    mean: float

    @abstractmethod
    def solve(self, values: Values, rho: float) -> Float64[np.ndarray, "tasks k"]:
        """The solutions w of (G + rho I) w = v of all tasks."""

    def reduce(self, coef: Float[np.ndarray, "tasks p"]) -> Values:
        """Coefficients in the basis."""
        return coef

    def expand(self, coef: Values) -> Float64[np.ndarray, "tasks p"]:
        """Coefficients of features."""
        return coef


def shifted_products(bound: SquaredBound, *, rotate: bool) -> ShiftedProducts:
    """The form that is fastest for the rows of a bound.

    Parameters
    ----------
    bound : SquaredBound
    rotate : bool
        Whether coefficients may be in the basis of eigenvectors, where tasks share products.
    """
    if isinstance(bound.rows, RepeatedRows):
        return _Parts(bound, bound.rows)
    if isinstance(bound.rows, ScaledTasks) and bound.rows.inner.common:
        inputs = next(bound.rows.inner.blocks())[1][0]
        return _Shared(bound, inputs, bound.rows.factors, rotate=rotate)
    blocks = list(bound.rows.blocks())
    shared = len(blocks) == 1 and len(blocks[0][1]) == 1
    if shared:
        return _Shared(bound, blocks[0][1][0], np.ones(1), rotate=rotate)
    return _Own(bound, [_block(tasks, inputs) for tasks, inputs in blocks])


class _Shared(ShiftedProducts):
    """One matrix of products, times a factor per task, by its eigenvectors.

    Those of eigenvalue 0 need no coefficients.
    """

    def __init__(
        self,
        bound: SquaredBound,
        inputs: Float[np.ndarray, "n p"],
        factors: Float[np.ndarray, " tasks"],
        *,
        rotate: bool,
    ) -> None:
        wide = inputs.shape[0] < inputs.shape[1]
        sizes, basis = np.linalg.eigh(inputs @ inputs.T if wide else inputs.T @ inputs)
        known = sizes > 1e-12 * max(sizes[-1], 1e-300)
        known[-1] = True
        roots, basis = np.sqrt(np.maximum(sizes[known], 1e-300)), basis[:, known]
        self._sizes = factors[:, None] * np.maximum(sizes[known], 0.0)
        self._basis = inputs.T @ (basis / roots) if wide else basis
        self._rotate = rotate
        self.mean = float(factors.mean() * sizes.clip(0.0).sum() / inputs.shape[1])
        self.cross = self.reduce(bound.cross)

    def solve(self, values: Values, rho: float) -> Float64[np.ndarray, "tasks k"]:
        """By division in the basis."""
        if self._rotate:
            return values / (self._sizes + rho)
        inside = (values @ self._basis) * (self._sizes / (self._sizes + rho))
        solved: np.ndarray = (values - inside @ self._basis.T) / rho
        return solved

    def reduce(self, coef: Float[np.ndarray, "tasks p"]) -> Values:
        """The part in the span of rows."""
        reduced: np.ndarray = coef @ self._basis if self._rotate else coef
        return reduced

    def expand(self, coef: Values) -> Float64[np.ndarray, "tasks p"]:
        """Coefficients of features."""
        expanded: np.ndarray = coef @ self._basis.T if self._rotate else coef
        return expanded


class _Block(NamedTuple):
    """Tasks of similar sizes: their inputs (t, n, p), and the smaller of both products."""

    tasks: np.ndarray
    inputs: np.ndarray
    products: np.ndarray
    wide: bool


def _block(tasks: np.ndarray, inputs: np.ndarray) -> _Block:
    n, p = inputs.shape[1:]
    wide = 2 * n <= p
    turned = inputs.transpose(0, 2, 1)
    return _Block(tasks, inputs, inputs @ turned if wide else turned @ inputs, wide)


class _Own(ShiftedProducts):
    """Products of each task, by inverses of the smaller side (Woodbury), which are kept for one rho."""

    def __init__(self, bound: SquaredBound, blocks: Sequence[_Block]) -> None:
        self.cross = bound.cross
        self._blocks = blocks
        traces = [np.trace(each.products, axis1=1, axis2=2).sum() for each in blocks]
        self.mean = float(sum(traces)) / bound.cross.size
        self._rho = 0.0
        self._inverses: list[np.ndarray] = []

    def solve(self, values: Values, rho: float) -> Float64[np.ndarray, "tasks k"]:
        """By batched products."""
        if rho != self._rho:
            self._rho = rho
            self._inverses = [
                np.linalg.inv(each.products + rho * np.eye(each.products.shape[1]))
                for each in self._blocks
            ]
        solved = np.empty(values.shape)
        for block, inverse in zip(self._blocks, self._inverses, strict=True):
            own = values[block.tasks, :, None]
            if block.wide:
                inside = inverse @ (block.inputs @ own)
                found = (own - block.inputs.transpose(0, 2, 1) @ inside) / rho
            else:
                found = inverse @ own
            solved[block.tasks] = found[:, :, 0]
        return solved


class _Parts(ShiftedProducts):
    r"""Coefficients that are sums of parts, by :math:`\sum_i w_i = (m G + \rho)^{-1} \sum_i v_i`."""

    def __init__(self, bound: SquaredBound, rows: RepeatedRows) -> None:
        self.cross, self._n_parts = bound.cross, rows.n_parts
        inner: Any = bound.datafit.bind(rows.inner)
        self._inner = shifted_products(inner, rotate=False)
        self.mean = self._inner.mean

    def solve(self, values: Values, rho: float) -> Float64[np.ndarray, "tasks k"]:
        """The sum first, and then its parts."""
        parts = values.reshape(len(values), self._n_parts, -1)
        total = parts.sum(axis=1)
        summed = self._inner.solve(total, rho / self._n_parts) / self._n_parts
        pulled = (total - rho * summed) / self._n_parts  # G times the sum
        solved: np.ndarray = ((parts - pulled[:, None]) / rho).reshape(values.shape)
        return solved
