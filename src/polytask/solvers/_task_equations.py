"""Linear equations of each task, with a few quantities that couple all tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from scipy.linalg import lu_factor, lu_solve

from polytask.datafits import SquaredBound

__all__ = ["TaskEquations"]

Coef = Float[np.ndarray, "tasks features"]


class TaskEquations:
    r"""The equations :math:`(G_k + \delta I) w_k = c_k` of all tasks at once.

    Of tasks with fewer rows than features they are solved in the space of rows,

    .. math:: (G + \delta I)^{-1} v = \big(v - X^\top (X X^\top + \delta I)^{-1} X v\big) / \delta

    and with :math:`\delta = 0` by the pseudoinverse.

    Parameters
    ----------
    bound : SquaredBound
    ridge : float
        δ.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import OwnRows, Squared
    >>> from polytask.solvers._task_equations import TaskEquations
    >>> rows = OwnRows(np.ones((2, 1)), np.array([1.0, 3.0]), np.array([0, 1]), fit_intercept=False)
    >>> TaskEquations(Squared().bind(rows), ridge=1.0).inverse(np.ones((2, 1)))
    array([[0.5],
           [0.5]])
    """

    def __init__(self, bound: SquaredBound, ridge: float) -> None:
        self.bound, self.ridge = bound, ridge
        if bound.by_products and ridge > 0:
            n_features = bound.shape[1]
            self._shifted = bound.products + ridge * np.eye(n_features)
        elif ridge > 0:
            self._rows = list(self._in_rows())
        else:
            self._inverses = [(tasks, *_least(X)) for tasks, X in bound.rows.blocks()]

    def _in_rows(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Tasks, their X (t, n, p), and (X Xᵀ + δ I)⁻¹."""
        for tasks, X in self.bound.rows.blocks():
            kernel = X @ X.transpose(0, 2, 1) + self.ridge * np.eye(X.shape[1])
            yield tasks, X, np.linalg.inv(kernel)

    def inverse(self, wanted: Coef) -> np.ndarray:
        """The solutions for other right-hand sides."""
        if self.ridge > 0 and self.bound.by_products:
            return np.asarray(np.linalg.solve(self._shifted, wanted[:, :, None])[:, :, 0])
        solved = np.empty(self.bound.shape)
        if self.ridge > 0:
            for tasks, X, inverse in self._rows:
                own = wanted[tasks][:, :, None]
                inside = (X.transpose(0, 2, 1) @ (inverse @ (X @ own)))[:, :, 0]
                solved[tasks] = (wanted[tasks] - inside) / self.ridge
            return solved
        for tasks, values, axes in self._inverses:
            along = (axes.transpose(0, 2, 1) @ wanted[tasks][:, :, None]) * values[:, :, None]
            solved[tasks] = (axes @ along)[:, :, 0]
        return solved

    def coupled(
        self, axes: Float[np.ndarray, "tasks r"], values: Float[np.ndarray, " r"]
    ) -> Callable[[Coef], np.ndarray]:
        r"""Solve :math:`(G_k + \delta I) w_k + \sum_i z_{ki} (q_i - \delta) \sum_l z_{li} w_l = c_k`.

        With :math:`t_i = (q_i - \delta) \sum_l z_{li} w_l`, that is the system

        .. math:: \sum_j \Big(\tfrac{q_i}{\delta - q_i} \delta_{ij} I
            + \sum_k z_{ki} z_{kj} (G_k + \delta I)^{-1} G_k\Big) t_j
            = -\delta \sum_k z_{ki} (G_k + \delta I)^{-1} c_k

        Parameters
        ----------
        axes : array of shape (n_tasks, r)
            Z, orthonormal.
        values : array of shape (r,)
            q.
        """
        r, p = len(values), self.bound.shape[1]
        if r == 0:
            return self.inverse
        system = self._complement(axes)
        system[np.arange(r), :, np.arange(r), :] += (values / (self.ridge - values))[
            :, None, None
        ] * np.eye(p)
        flat = system.reshape(r * p, r * p)
        # Directions that no task has seen, where P is flat: the answer of the least norm.
        singular = np.linalg.cond(flat, 1) > 1e13 if not values.all() else False
        if singular:
            pseudo = np.linalg.pinv(flat, rcond=1e-12, hermitian=True)
        else:
            factor = lu_factor(flat, check_finite=False)

        def solve(wanted: Coef) -> np.ndarray:
            apart = self.inverse(wanted)
            goal = -self.ridge * (axes.T @ apart).ravel()
            shared = pseudo @ goal if singular else lu_solve(factor, goal, check_finite=False)
            return apart - self.inverse(axes @ shared.reshape(r, p))

        return solve

    def _complement(self, axes: Float[np.ndarray, "tasks r"]) -> np.ndarray:
        """Sums over tasks of (G + δ I)⁻¹ G times two of their numbers, (r, p, r, p)."""
        r, p = axes.shape[1], self.bound.shape[1]
        sums = np.zeros((r, p, r, p))
        for tasks, left, right in self._ratios():
            for i in range(r):
                for j in range(i + 1):
                    weighted = left * (axes[tasks, i] * axes[tasks, j])[:, None, None]
                    sums[i, :, j, :] += np.einsum("tnp,tnq->pq", weighted, right, optimize=True)
                    sums[j, :, i, :] = sums[i, :, j, :].T
        return sums

    def _ratios(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Tasks, and two factors of (G + δ I)⁻¹ G."""
        if not self.bound.by_products:
            for tasks, X, inverse in self._rows:
                yield tasks, X, inverse @ X
            return
        ratio = np.linalg.solve(self._shifted, self.bound.products)
        p = self.bound.shape[1]
        yield np.arange(len(ratio)), np.broadcast_to(np.eye(p), ratio.shape), ratio


def _least(X: Float[np.ndarray, "t n p"]) -> tuple[np.ndarray, np.ndarray]:
    """Inverse eigenvalues of the products, 0 where these are 0, and eigenvectors."""
    n, p = X.shape[1:]
    wide = n < p
    products = X @ X.transpose(0, 2, 1) if wide else X.transpose(0, 2, 1) @ X
    values, axes = np.linalg.eigh(products)
    kept = values > np.finfo(float).eps * max(n, p) * values.max(axis=1, keepdims=True, initial=0.0)
    inverse = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
    return inverse, X.transpose(0, 2, 1) @ (axes * np.sqrt(inverse)[:, None, :]) if wide else axes
