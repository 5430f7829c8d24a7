"""Covariances of tasks: shared plus own, or given."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64

from polytask._validation import Satisfies, message
from polytask.exceptions import ParameterError

__all__ = [
    "POSITIVE_SEMIDEFINITE",
    "best_covariance",
    "shared_and_own",
    "split_identity",
    "task_matrix",
]


def _is_positive_semidefinite(rows: Any) -> bool:
    matrix = np.asarray(rows, dtype=float)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0
    if not square or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        return False
    eigenvalues = np.linalg.eigvalsh(matrix)
    return bool(eigenvalues[0] >= -1e-10 * abs(eigenvalues[-1]) and (np.diag(matrix) > 0).all())


POSITIVE_SEMIDEFINITE = Satisfies(
    _is_positive_semidefinite,
    "a symmetric positive semi-definite matrix with a diagonal above 0, one row per task",
)


def shared_and_own(shared: float, n_tasks: int) -> Float64[np.ndarray, "tasks tasks"]:
    """1 on the diagonal and `shared` elsewhere."""
    return np.full((n_tasks, n_tasks), shared) + (1 - shared) * np.eye(n_tasks)


def task_matrix(
    owner: str, given: Any, shared: float, n_tasks: int
) -> Float64[np.ndarray, "tasks tasks"]:
    """The given covariance of tasks, or that of a shared and of own parts.

    Raises
    ------
    ParameterError
        If a given one has another size.
    """
    if given is None:
        return shared_and_own(shared, n_tasks)
    matrix = np.array(given, dtype=float)
    if len(matrix) != n_tasks:
        size = f"{len(matrix)} × {len(matrix)}"
        expected = f"{n_tasks} × {n_tasks}, since there are {n_tasks} tasks"
        remedy = (
            f"It is {size}: give a row and a column to each task, in the order of `tasks_`, which is the "
            "sorted one of ids."
        )
        raise ParameterError(message(owner, "task_covariance", expected, given, remedy))
    return (matrix + matrix.T) / 2


def split_identity(
    matrix: Float64[np.ndarray, "tasks tasks"],
) -> tuple[float, Float64[np.ndarray, "tasks rank"]]:
    r"""The largest d and the thinnest R with :math:`B = d I + R R^\top`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._task_matrix import shared_and_own, split_identity
    >>> d, R = split_identity(shared_and_own(0.25, 4))
    >>> round(d, 6), np.abs(R).round(6).tolist()
    (0.75, [[0.5], [0.5], [0.5], [0.5]])
    """
    sizes, axes = np.linalg.eigh(matrix)
    smallest = max(float(sizes[0]), 0.0)
    above = sizes - smallest > 1e-12 * sizes[-1]
    return smallest, axes[:, above] * np.sqrt(sizes[above] - smallest)


def best_covariance(
    gramian: Float64[np.ndarray, "tasks tasks"], epsilon: float
) -> Float64[np.ndarray, "tasks tasks"]:
    r"""The covariance of trace T that minimises :math:`\operatorname{tr} (G + \varepsilon I) B^{-1}`.

    G holds the inner products of the tasks' functions.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods._task_matrix import best_covariance
    >>> best_covariance(np.array([[1.0, -1.0], [-1.0, 1.0]]), 1e-6).round(2)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    sizes, axes = np.linalg.eigh((gramian + gramian.T) / 2)
    lengths = np.sqrt(np.maximum(sizes, 0.0) + epsilon)
    root = (axes * lengths) @ axes.T
    covariance: np.ndarray = root * (len(root) / lengths.sum())
    return covariance
