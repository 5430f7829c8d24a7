"""Kernels of the distance between rows in units of length scales, with their derivatives."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial.distance import cdist

__all__ = ["STATIONARY_KERNELS", "kernel_and_slope", "kernel_of_scales", "log_spread"]

STATIONARY_KERNELS = ("rbf", "matern12", "matern32", "matern52")


def kernel_of_scales(
    X: Float64[np.ndarray, "n p"],
    Z: Float64[np.ndarray, "m p"],
    log_scales: Float64[np.ndarray, " scales"],
    name: str = "rbf",
) -> Float64[np.ndarray, "n m"]:
    r"""Kernel with one length scale, or one per feature.

    With :math:`r^2 = \sum_j (x_j - z_j)^2 / s_j^2`: ``rbf`` is :math:`e^{-r^2 / 2}`, ``matern12`` :math:`e^{-r}`,
    ``matern32`` :math:`(1 + \sqrt 3 r) e^{-\sqrt 3 r}`, ``matern52``
    :math:`(1 + \sqrt 5 r + \tfrac53 r^2) e^{-\sqrt 5 r}`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask._gaussian import kernel_of_scales
    >>> kernel_of_scales(np.zeros((1, 1)), np.array([[0.0], [2.0]]), np.zeros(1), "matern12").round(
    ...     3
    ... )
    array([[1.   , 0.135]])
    """
    return kernel_and_slope(X, Z, log_scales, name)[0]


def kernel_and_slope(
    X: Float64[np.ndarray, "n p"],
    Z: Float64[np.ndarray, "m p"],
    log_scales: Float64[np.ndarray, " scales"],
    name: str = "rbf",
) -> tuple[Float64[np.ndarray, "n m"], Float64[np.ndarray, "n m"]]:
    r"""Kernel and g, where :math:`\partial k / \partial \log s_j = g\, (x_j - z_j)^2 / s_j^2`."""
    scales = np.exp(log_scales)
    squares = cdist(X / scales, Z / scales, "sqeuclidean")
    if name == "rbf":
        kernel: np.ndarray = np.exp(-0.5 * squares)
        return kernel, kernel
    r = np.sqrt(squares)
    if name == "matern12":
        kernel = np.exp(-r)
        return kernel, np.divide(kernel, r, out=np.zeros_like(r), where=r > 0)
    root = np.sqrt(3.0 if name == "matern32" else 5.0)
    decay = np.exp(-root * r)
    if name == "matern32":
        return (1 + root * r) * decay, 3 * decay
    slope = (1 + root * r) * decay * (5 / 3)
    return (1 + root * r + squares * (5 / 3)) * decay, slope


def log_spread(X: Float64[np.ndarray, "n p"], n_scales: int) -> Float64[np.ndarray, " scales"]:
    """Logarithm of a typical distance between rows, in all or each of the features."""
    spread = X.std(axis=0)
    if n_scales == 1:
        return np.log([np.sqrt(2 * np.square(spread).sum()) or 1.0])
    each: np.ndarray = np.log(np.where(spread > 0, spread, 1.0) * np.sqrt(2 * X.shape[1]))
    return each
