"""Members of a population from a matrix of task weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.tasks import Task
from polytask.training._member import Member

__all__ = ["weight_members"]


def weight_members(weights: Any, tasks: Iterable[Task | str], *, seed: int = 0) -> list[Member]:
    r"""One member per row of a matrix :math:`\Lambda` of task weights.

    The identity matrix gives the single-task runs, rows with two ones the pairs, indicator rows
    groups of tasks, and rows drawn from a Dirichlet distribution a search of weights.

    Parameters
    ----------
    weights : array of shape (n_members, n_tasks)
        Finite and at least 0, with a positive weight in every row.
    tasks : iterable of Task or str
        The tasks of the columns, or their names, in order: a `polytask.tasks.TaskSet`, say.
    seed : int, default 0
        That of every member.

    Returns
    -------
    list of Member

    Raises
    ------
    ParameterError
        Naming the first row that cannot be trained.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.training import weight_members
    >>> members = weight_members(np.array([[1, 0, 0], [1, 0, 2]]), ["a", "b", "c"])
    >>> [dict(member.tasks) for member in members]
    [{'a': 1.0}, {'a': 1.0, 'c': 2.0}]
    """
    names = [task if isinstance(task, str) else task.name for task in tasks]
    matrix = _matrix(weights, names)
    _check(matrix, names)
    return [
        Member({name: float(w) for name, w in zip(names, row, strict=True) if w}, seed=seed)
        for row in matrix
    ]


def _matrix(weights: Any, names: list[str]) -> np.ndarray:
    """The weights as a matrix of floats."""
    expected = f"numbers of shape (n_members, {len(names)}), one column per task"
    try:
        matrix = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(message("weight_members", "weights", expected, weights)) from error
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not len(matrix):
        got = f"an array of shape {matrix.shape}"
        sentence = (
            f"The `weights` parameter of weight_members must be {expected}. Got {got} instead."
        )
        raise ParameterError(sentence)
    return matrix


def _check(matrix: np.ndarray, names: list[str]) -> None:
    start = "The `weights` parameter of weight_members must be"
    bad = ~np.isfinite(matrix) | (matrix < 0)
    if bad.any():
        row, column = (int(position) for position in np.argwhere(bad)[0])
        got = f"Got {matrix[row, column]:g} in row {row} for task {names[column]!r} instead."
        raise ParameterError(f"{start} finite and at least 0. {got} 0 leaves a task out.")
    empty = np.flatnonzero(~matrix.any(axis=1))
    if len(empty):
        got = f"Row {empty[0]} is all zeros; leave it out, or give a task a weight."
        raise ParameterError(f"{start} rows with at least one positive weight. {got}")
