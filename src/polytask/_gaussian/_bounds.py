"""Ranges and starting points of the hyper-parameters of standardised labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64

__all__ = ["kernel_bounds", "noise_bounds", "principal_factor"]

_FACTORS = (-20.0, 20.0)
_OWN = (-14.0, 5.0)
_NOISE = (-14.0, 3.0)
_REACH = 6.0
"""Ranges of factors and of logarithms of variances; log scales reach so far from the typical ones."""


def kernel_bounds(typical: Iterable[float], n_tasks: int, rank: int) -> list[tuple[float, float]]:
    """Ranges of one kernel's log scales, of its factor, and of the logarithms of the tasks' own variances.

    Parameters
    ----------
    typical : iterable of float
        The logarithm of a typical distance for each length scale.
    n_tasks, rank : int
    """
    scales = [(float(each) - _REACH, float(each) + _REACH) for each in typical]
    return [*scales, *[_FACTORS] * (n_tasks * rank), *[_OWN] * n_tasks]


def noise_bounds(n_tasks: int) -> list[tuple[float, float]]:
    """Ranges of the logarithms of the variances of noise."""
    return [_NOISE] * n_tasks


def principal_factor(
    products: Float64[np.ndarray, "tasks tasks"], rank: int, n_kernels: int = 1
) -> Float64[np.ndarray, "tasks rank"]:
    """A factor whose square is most of the tasks' mean products, divided among kernels.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._gaussian import principal_factor
    >>> np.abs(principal_factor(np.diag([1.0, 5.0]), 1))
    array([[0.],
           [2.]])
    """
    sizes, axes = np.linalg.eigh(products)
    top = np.maximum(sizes[::-1][:rank], 1e-3) * 0.8 / n_kernels
    factor: np.ndarray = axes[:, ::-1][:, :rank] * np.sqrt(top)
    return factor
