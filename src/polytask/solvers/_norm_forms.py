"""What the equations of norms need of a few features: by their products, or by rows if these are fewer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from polytask.solvers._lower_factors import inverse_factors, lower_factor, solve_lower

__all__ = ["ByProducts", "ByRows", "NormForm", "Response", "Sizes"]

Cross = Float64[np.ndarray, "problems k columns"]
Sizes = Float64[np.ndarray, " k"]
Matrices = Float64[np.ndarray, "problems _ _"]


class Response(NamedTuple):
    """The least squared errors with sizes, up to a constant, the correlations that are left, and a factor."""

    sizes: Sizes
    value: float
    left: Cross
    factor: Matrices


class NormForm(ABC):
    r"""Problems with common features and :math:`G_b`, :math:`C_b`, as `solve_norms` writes them.

    Attributes
    ----------
    cross : array of shape (n_problems, k, n_columns)
        C.
    """

    cross: Cross

    @abstractmethod
    def respond(self, sizes: Sizes) -> Response:
        r"""Minimise :math:`\tfrac12 w^\top G w - c^\top w + \tfrac12 w^\top \operatorname{diag}(1/\eta) w`."""

    @abstractmethod
    def hessian(
        self, response: Response, free: Bool[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "free free"]:
        r""":math:`\sum_b S_b \circ R_b R_b^\top` of some features."""


class ByProducts(NormForm):
    """By G and C.

    Parameters
    ----------
    products : array of shape (n_problems, k, k)
        G.
    cross : array of shape (n_problems, k, n_columns)
        C.
    """

    def __init__(self, products: Float64[np.ndarray, "problems k k"], cross: Cross) -> None:
        self.products, self.cross = products, cross

    def respond(self, sizes: Sizes) -> Response:
        """By the factors of I + E G E, E² = diag(η)."""
        root = np.sqrt(sizes)
        factor = _factor(self.products * root * root[:, None])
        inner = _solve(factor, root[:, None] * self.cross)
        coef = root[:, None] * _solve(factor, inner, transposed=True)
        left = self.cross - self.products @ coef
        return Response(sizes, -0.5 * float((inner**2).sum()), left, factor)

    def hessian(
        self, response: Response, free: Bool[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "free free"]:
        """By S = G − G E (I + E G E)⁻¹ E G."""
        across = _taken(self.products, free, axis=2)
        inner = _solve(response.factor, np.sqrt(response.sizes)[:, None] * across)
        remaining = _taken(across, free, axis=1) - _squared(inner)
        return _weighted(remaining, _taken(response.left, free, axis=1))


class ByRows(NormForm):
    r"""By A and Y with G = AᵀA and C = AᵀY: cheaper where A has fewer rows than features.

    With :math:`M = I + A\operatorname{diag}(\eta)A^\top = L L^\top`, the correlations that are left are
    :math:`A^\top M^{-1} Y` and :math:`S = A^\top M^{-1} A`.

    Parameters
    ----------
    rows : array of shape (n_problems, n, k)
        A.
    labels : array of shape (n_problems, n, n_columns)
        Y.
    cross : array of shape (n_problems, k, n_columns)
        C.
    """

    def __init__(
        self,
        rows: Float64[np.ndarray, "problems n k"],
        labels: Float64[np.ndarray, "problems n columns"],
        cross: Cross,
    ) -> None:
        self.rows, self.labels, self.cross = rows, labels, cross
        self._scaled = np.empty_like(rows)

    def respond(self, sizes: Sizes) -> Response:
        """By the factors of M."""
        scaled = np.multiply(self.rows, np.sqrt(sizes), out=self._scaled)
        factor = _factor(_squared(scaled.transpose(0, 2, 1)))
        inner = _solve(factor, self.labels)
        left = self.rows.transpose(0, 2, 1) @ _solve(factor, inner, transposed=True)
        return Response(sizes, 0.5 * float((inner**2).sum()), left, factor)

    def hessian(
        self, response: Response, free: Bool[np.ndarray, " k"]
    ) -> Float64[np.ndarray, "free free"]:
        """By S = (L⁻¹A)ᵀ(L⁻¹A); with one column per problem all of them are one product."""
        inner = _solve(response.factor, _taken(self.rows, free, axis=2))
        left = _taken(response.left, free, axis=1)
        if left.shape[2] == 1:
            inner *= left.transpose(0, 2, 1)
            return _squared(inner.reshape(1, -1, inner.shape[2]))[0]
        return _weighted(_squared(inner), left)


def _taken(arrays: Matrices, free: Bool[np.ndarray, " k"], axis: int) -> Matrices:
    """Some features' entries along an axis; the arrays themselves where these are all."""
    return arrays if free.all() else arrays.take(np.flatnonzero(free), axis=axis)


def _weighted(remaining: Matrices, left: Cross) -> Float64[np.ndarray, "free free"]:
    found: np.ndarray = (remaining * (left @ left.transpose(0, 2, 1))).sum(axis=0)
    return found


def _squared(matrices: Matrices) -> Matrices:
    """AᵀA; of one matrix by the routine for symmetric products."""
    if len(matrices) == 1:
        product: np.ndarray = matrices[0].T @ matrices[0]
        return product[None]
    products: np.ndarray = matrices.transpose(0, 2, 1) @ matrices
    return products


def _factor(matrices: Matrices) -> Matrices:
    """L of I + A = L Lᵀ of one matrix, the inverses of several; A is overwritten."""
    diagonal = np.arange(matrices.shape[1])
    matrices[:, diagonal, diagonal] += 1.0
    return lower_factor(matrices[0])[None] if len(matrices) == 1 else inverse_factors(matrices)


def _solve(factor: Matrices, right: Matrices, *, transposed: bool = False) -> Matrices:
    """L⁻¹ or L⁻ᵀ times matrices."""
    if len(factor) == 1:
        return solve_lower(factor[0], right[0], transposed=transposed)[None]
    inverses = factor.transpose(0, 2, 1) if transposed else factor
    products: np.ndarray = inverses @ right
    return products
