"""Kernels of inputs, by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64
from sklearn.metrics.pairwise import pairwise_kernels

from polytask.exceptions import DataError

__all__ = ["KERNELS", "Kernel"]

KERNELS = ("rbf", "linear", "polynomial", "laplacian", "cosine")


class Kernel(NamedTuple):
    r"""A positive semi-definite kernel :math:`k(x, x')` of scikit-learn.

    ``rbf`` is :math:`e^{-\gamma \|x - x'\|^2}`, ``laplacian`` :math:`e^{-\gamma \|x - x'\|_1}`, ``polynomial``
    :math:`(\gamma x^\top x' + c_0)^d`, ``linear`` :math:`x^\top x'`, ``cosine`` the linear one of inputs of
    length 1.

    Attributes
    ----------
    name : str
    gamma, coef0 : float
    degree : int
    """

    name: str
    gamma: float
    degree: int
    coef0: float

    @property
    def settings(self) -> dict[str, float]:
        """The settings that this kernel reads, by scikit-learn's names."""
        read = {
            "rbf": ("gamma",),
            "laplacian": ("gamma",),
            "polynomial": ("gamma", "degree", "coef0"),
        }
        return {name: getattr(self, name) for name in read.get(self.name, ())}

    def matrix(self, X: Any, Z: Any) -> Float64[np.ndarray, "n m"]:
        """Kernel of each row of X with each of Z.

        Raises
        ------
        DataError
            If it overflows.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.kernel_methods._kernel import Kernel
        >>> Kernel("polynomial", 1.0, 2, 1.0).matrix(np.array([[2.0]]), np.array([[1.0], [3.0]]))
        array([[ 9., 49.]])
        """
        with np.errstate(over="ignore", invalid="ignore"):  # said below
            matrix = np.asarray(pairwise_kernels(X, Z, metric=self.name, **self.settings))
        if not np.isfinite(matrix).all():
            sentence = (
                f"The kernel {self.name!r} is too large for floats on these rows. Scale the inputs, such as by "
                "StandardScaler."
            )
            raise DataError(sentence)
        return matrix
