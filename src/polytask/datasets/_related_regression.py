"""Generator of regression tasks with a given covariance of coefficients."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask._validation import Interval, check, message
from polytask.data import MultiTaskDataset
from polytask.datasets._linear_tasks import check_sizes, linear_tasks, orthonormal
from polytask.datasets._linear_truth import LinearTruth
from polytask.exceptions import ParameterError

__all__ = ["coefficients", "equicorrelated", "make_related_regression"]

_OWNER = "make_related_regression"


def make_related_regression(
    n_tasks: int = 5,
    n_rows: int = 200,
    n_features: int = 20,
    *,
    relatedness: float | np.ndarray = 0.8,
    noise: float = 0.5,
    own_rows: bool = False,
    seed: int = 0,
) -> tuple[MultiTaskDataset, LinearTruth]:
    """Make regression tasks whose coefficient vectors have a given covariance.

    Parameters
    ----------
    n_tasks : int, default 5
    n_rows : int, default 200
        Rows in total, or per task with `own_rows`.
    n_features : int, default 20
    relatedness : float in [0, 1] or array of shape (n_tasks, n_tasks), default 0.8
        Correlation of any two tasks (0: unrelated, 1: equal), or the covariance matrix of all
        tasks, symmetric and positive semidefinite.
    noise : float, default 0.5
        Standard deviation of the noise; that of the noiseless targets is 1 if `relatedness` is a
        number.
    own_rows : bool, default False
        Whether each task has rows of its own, or all are labelled on the same rows.
    seed : int, default 0

    Returns
    -------
    dataset : MultiTaskDataset
        Tasks ``task_0``, ``task_1``, …
    truth : LinearTruth
        Its `task_covariance` is exactly the given one if `n_features` ≥ `n_tasks`; otherwise
        coefficients are drawn from it, since fewer dimensions than tasks cannot represent it.

    Examples
    --------
    >>> from polytask.datasets import make_related_regression
    >>> dataset, truth = make_related_regression(n_tasks=2, relatedness=0.5)
    >>> truth.task_covariance.round(3)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    check_sizes(_OWNER, noise, n_tasks=n_tasks, n_rows=n_rows, n_features=n_features)
    covariance = _covariance(relatedness, n_tasks)
    generator = np.random.default_rng(seed)
    coef = coefficients(generator, covariance, n_features)
    return linear_tasks(generator, coef, n_rows=n_rows, noise=noise, own_rows=own_rows)


def coefficients(
    generator: np.random.Generator, covariance: Float64[np.ndarray, "t t"], n_features: int
) -> Float64[np.ndarray, "t f"]:
    """Coefficients W with W Wᵀ = covariance, or drawn from it if n_features < n_tasks."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    n_tasks = len(covariance)
    if n_features >= n_tasks:
        return root @ orthonormal(generator, n_tasks, n_features)
    return root @ generator.standard_normal((n_tasks, n_features)) / np.sqrt(n_features)


def equicorrelated(n_tasks: int, correlation: float) -> Float64[np.ndarray, "t t"]:
    """Matrix with 1 on the diagonal and `correlation` elsewhere."""
    return np.full((n_tasks, n_tasks), float(correlation)) + (1 - correlation) * np.eye(n_tasks)


def _covariance(relatedness: float | np.ndarray, n_tasks: int) -> Float64[np.ndarray, "t t"]:
    if np.ndim(relatedness) == 0:
        check(_OWNER, "relatedness", relatedness, Interval(float, 0, 1))
        return equicorrelated(n_tasks, float(relatedness))
    covariance = np.asarray(relatedness, dtype=np.float64)
    expected = (
        f"a float in [0, 1] or a symmetric ({n_tasks}, {n_tasks}) matrix "
        "without negative eigenvalues"
    )
    if covariance.shape != (n_tasks, n_tasks) or not _is_covariance(covariance):
        raise ParameterError(message(_OWNER, "relatedness", expected, relatedness))
    return covariance


def _is_covariance(matrix: np.ndarray) -> bool:
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        return False
    values = np.linalg.eigvalsh(matrix)
    return bool(values[0] >= -1e-10 * max(values[-1], 0.0))
