"""Affinity matrices from records and arrays, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from polytask._validation import describe, message
from polytask.exceptions import ParameterError

__all__ = ["affinity_matrix"]

_SQUARE = "a square matrix of finite numbers with a row and a column per task"


def affinity_matrix(
    owner: str, affinity: Any, tasks: Sequence[str] | None
) -> tuple[Float64[np.ndarray, "k k"], tuple[str, ...]]:
    """Affinities with zeros on the diagonal, and the names of the tasks.

    Parameters
    ----------
    owner : str
        Whose argument it is, for errors.
    affinity : AffinityRecord, TransferMap or array of shape (k, k)
        Records have `tasks` and `matrix`, whose undefined pairs are 0.
    tasks : sequence of str, optional
        Names of the rows of an array; numbers by default.

    Raises
    ------
    ParameterError
        If it is not square or not finite, or the names do not fit.
    """
    names = getattr(affinity, "tasks", None)
    matrix = affinity.matrix if names is not None else _numbers(owner, affinity)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise _malformed(owner, f"an array of shape {matrix.shape}")
    off = ~np.eye(len(matrix), dtype=bool)
    broken = np.argwhere(off & ~np.isfinite(matrix))
    if len(broken) and names is None:
        row, column = broken[0].tolist()
        raise _malformed(owner, f"{matrix[row, column]} in row {row}, column {column}")
    kept = np.where(off & np.isfinite(matrix), matrix, 0.0)
    return kept, _names(owner, names if names is not None else tasks, len(kept))


def _numbers(owner: str, affinity: Any) -> np.ndarray:
    try:
        return np.array(affinity, dtype=np.float64)
    except (TypeError, ValueError):
        raise _malformed(owner, describe(affinity)) from None


def _names(owner: str, tasks: Sequence[str] | None, n_tasks: int) -> tuple[str, ...]:
    names = tuple(map(str, range(n_tasks) if tasks is None else tasks))
    if len(set(names)) != n_tasks or len(names) != n_tasks:
        expected = f"{n_tasks} different names, one per row of the affinity"
        raise ParameterError(message(owner, "tasks", expected, list(names)))
    return names


def _malformed(owner: str, got: str) -> ParameterError:
    sentence = (
        f"The `affinity` parameter of {owner} must be {_SQUARE}. Got {got} instead. Estimate "
        "every pair, or put 0 where nothing is known."
    )
    return ParameterError(sentence)
