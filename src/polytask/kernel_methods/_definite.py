"""The error of kernels that are singular but for rounding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from numpy.linalg import LinAlgError

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["definite_by"]


@contextmanager
def definite_by(owner: str, alpha: float) -> Iterator[None]:
    """Name `alpha` where a kernel plus that much has no Cholesky factor.

    Raises
    ------
    ParameterError
        If it has none.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._definite import definite_by
    >>> with definite_by("Model", 1e-20):
    ...     np.linalg.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))
    Traceback (most recent call last):
    polytask.exceptions.ParameterError: The `alpha` parameter of Model must be larger for these rows, whose kernel ...
    """
    try:
        yield
    except LinAlgError as error:
        expected = "larger for these rows, whose kernel is singular but for rounding"
        raise ParameterError(message(owner, "alpha", expected, alpha)) from error
