"""Cholesky factors and their triangular systems, by LAPACK without copies or checks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dpotrf, dtrtri

__all__ = ["inverse_factors", "lower_factor", "solve_lower"]

Square = Float64[np.ndarray, "k k"]


def lower_factor(matrix: Square) -> Square:
    r"""L of a symmetric matrix :math:`A = L L^\top`, which is overwritten.

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._lower_factors import lower_factor
    >>> lower_factor(np.array([[4.0, 2.0], [2.0, 2.0]]))
    array([[2., 0.],
           [1., 1.]])
    """
    lower, info = dpotrf(matrix.T, lower=1, overwrite_a=1)
    if info:
        raise LinAlgError(f"the leading minor {info} is not positive definite")
    factor: np.ndarray = lower
    return factor


def solve_lower(
    lower: Square, right: Float64[np.ndarray, "k m"], *, transposed: bool = False
) -> Float64[np.ndarray, "k m"]:
    """L⁻¹ or L⁻ᵀ times a matrix, in the memory order of that matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._lower_factors import solve_lower
    >>> lower = np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> solve_lower(lower, np.array([[4.0], [5.0]])).ravel()
    array([2., 3.])
    """
    if right.flags.f_contiguous:
        solved: np.ndarray = dtrsm(1.0, lower, right, lower=1, trans_a=int(transposed))
        return solved
    mirrored: np.ndarray = dtrsm(1.0, lower, right.T, side=1, lower=1, trans_a=int(not transposed))
    return mirrored.T


def inverse_factors(matrices: Float64[np.ndarray, "b k k"]) -> Float64[np.ndarray, "b k k"]:
    """L⁻¹ of several symmetric matrices, which are overwritten; they multiply faster than L is solved.

    Raises
    ------
    LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.solvers._lower_factors import inverse_factors
    >>> inverse_factors(np.array([[[4.0]], [[25.0]]])).ravel()
    array([0.5, 0.2])
    """
    for each in matrices:
        each[:] = dtrtri(lower_factor(each), lower=1, overwrite_c=1)[0]
    return matrices
