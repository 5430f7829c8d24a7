"""Matrices of tasks that a recipe holds as tuples of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytask._validation import Satisfies, message
from polytask.exceptions import ParameterError

__all__ = ["POSITIVE_DEFINITE", "RELATIONS", "Rows", "check_n_tasks", "hold_rows"]

Rows = Any
"""Tuple of rows; a list of lists or an array when given."""


def _symmetric(rows: Rows) -> np.ndarray:
    """The rows as a matrix; ValueError unless they are finite and symmetric."""
    matrix = np.asarray(rows, dtype=float)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0
    if not square or not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise ValueError("no symmetric matrix")
    return matrix


def _is_positive_definite(rows: Rows) -> bool:
    eigenvalues = np.linalg.eigvalsh(_symmetric(rows))
    return bool(eigenvalues[0] > 1e-12 * eigenvalues[-1])


def _is_relation(rows: Rows) -> bool:
    matrix = _symmetric(rows)
    pairs = matrix[~np.eye(len(matrix), dtype=bool)]
    return bool((matrix >= 0).all()) and (pairs.size == 0 or bool(pairs.any()))


POSITIVE_DEFINITE = Satisfies(
    _is_positive_definite, "a symmetric positive definite matrix, one row per task"
)
RELATIONS = Satisfies(
    _is_relation,
    "a symmetric matrix of numbers from 0, one row per task, with a relation between two tasks",
)


def hold_rows(recipe: object, field: str) -> None:
    """Replace a matrix that a frozen recipe was given by the tuple of its rows."""
    rows = getattr(recipe, field)
    if rows is not None:
        rows = tuple(map(tuple, np.asarray(rows, dtype=float).tolist()))
        object.__setattr__(recipe, field, rows)


def check_n_tasks(owner: object, field: str, n_tasks: int) -> None:
    """Raise ParameterError unless a matrix has one row per task."""
    rows = getattr(owner, field)
    if rows is not None and len(rows) != n_tasks:
        name, size = type(owner).__name__, len(rows)
        expected = f"{n_tasks} × {n_tasks}, since there are {n_tasks} tasks"
        remedy = f"It is {size} × {size}: give a row and a column to each task, in their order."
        raise ParameterError(message(name, field, expected, rows, remedy))
