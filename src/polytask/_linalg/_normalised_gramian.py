"""Normalised and damped Gramians, and the direction of equal angles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["damped", "even_direction", "normalised"]

_EXACT = float(np.finfo(np.float64).eps)


def normalised(gramian: Float64[np.ndarray, "k k"]) -> Float64[np.ndarray, "k k"]:
    """Inner products, symmetric to the last bit, of vectors scaled so that the longest has length 1.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products of k vectors, of any scale.

    Returns
    -------
    array of shape (k, k)
        All zero if the vectors are.

    Raises
    ------
    ParameterError
        If an entry is not finite, or there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import normalised
    >>> normalised(np.array([[4e-30, 2e-30], [2e-30, 2e-30]]))
    array([[1. , 0.5],
           [0.5, 0.5]])
    """
    if gramian.size == 0 or not np.isfinite(gramian).all():
        expected = "a finite matrix of at least one row"
        raise ParameterError(message("normalised", "gramian", expected, gramian))
    largest = gramian.diagonal().max()
    if largest <= 0:
        return np.zeros_like(gramian)
    scaled = gramian / largest
    return (scaled + scaled.T) / 2


def damped(gramian: Float64[np.ndarray, "k k"], precision: float) -> Float64[np.ndarray, "k k"]:
    r"""Inner products of the vectors, each with a small orthogonal part added.

    The part is as long as the rounding error, :math:`\sqrt{k \varepsilon}` of the vector.
    Combinations that cancel up to rounding then have a length, so that noise alone does not make
    weights large. Products as precise as float64 stay as they are.

    Parameters
    ----------
    gramian : array of shape (k, k)
    precision : float
        Relative precision of its entries, the :math:`\varepsilon` above.

    Returns
    -------
    array of shape (k, k)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import damped
    >>> damped(np.array([[1.0, -1.0], [-1.0, 1.0]]), 0.1)
    array([[ 1.2, -1. ],
           [-1. ,  1.2]])
    """
    if precision <= _EXACT:
        return gramian
    return gramian + len(gramian) * precision * np.diag(gramian.diagonal())


def even_direction(
    gramian: Float64[np.ndarray, "k k"], precision: float
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    r"""The direction with equal projections of all unit vectors.

    Parameters
    ----------
    gramian : array of shape (k, k)
        Inner products of k vectors.
    precision : float
        Relative precision of its entries; eigenvalues of the cosines below k times that count
        as zero.

    Returns
    -------
    shares : array of shape (k,)
        Coefficients :math:`\beta = C^+ 1` of the unit vectors, C their cosines. Where the
        vectors are independent, :math:`C \beta = 1`; else it is that in the least-squares
        sense, with the smallest :math:`\beta`. A vector of length zero has no share.
    projections : array of shape (k,)
        Projections of the unit vectors, :math:`C \beta`; all zero where there is no such direction.
    lengths : array of shape (k,)
        Lengths of the vectors, scaled so that the longest is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._linalg import even_direction
    >>> even_direction(np.array([[4.0, 0.0], [0.0, 1.0]]), 1e-15)
    (array([1., 1.]), array([1., 1.]), array([1. , 0.5]))
    """
    scaled = normalised(gramian)
    lengths = np.sqrt(np.maximum(scaled.diagonal(), 0.0))
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    cosines = scaled * inverse * inverse[:, None]
    values, vectors = np.linalg.eigh(cosines)
    tolerance = len(lengths) * precision
    kept = values > max(tolerance * values[-1], 0.0)
    parts = vectors[:, kept].sum(0)
    if parts @ parts <= tolerance**2 * len(lengths):
        parts[:] = 0.0
    return vectors[:, kept] @ (parts / values[kept]), vectors[:, kept] @ parts, lengths
