"""Ids of tasks, and which row belongs to which."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from polytask._naming import suggestion
from polytask.estimators._checked_rows import checked, missing, plain
from polytask.exceptions import DataError, UnknownNameError

__all__ = ["TaskIds"]


class TaskIds(NamedTuple):
    """The tasks' ids, and the position of each row's task.

    Attributes
    ----------
    known : array of shape (n_tasks,)
    task : array of shape (n,), int, or None
        None where tasks share their rows.
    """

    known: np.ndarray
    task: np.ndarray | None

    @classmethod
    def of(
        cls,
        owner: str,
        labels: np.ndarray,
        columns: np.ndarray | None,
        tasks: Any,
        known: np.ndarray | None = None,
    ) -> TaskIds:
        """The tasks of labels: those of `tasks`, or of the columns.

        Parameters
        ----------
        owner : str
        labels : array of shape (n,) or (n, n_tasks)
        columns : array of shape (n_tasks,), optional
            Names of columns.
        tasks : array of shape (n,), optional
        known : array of shape (n_tasks,), optional
            Ids of tasks, of which some may have no label among these rows.

        Raises
        ------
        DataError
            If `tasks` does not fit the labels, or a task has no label.
        """
        if tasks is None:
            n_tasks = 1 if labels.ndim == 1 else labels.shape[1]
            names = np.arange(n_tasks) if columns is None else columns
            _check_columns(owner, columns, known)
            if known is None:
                _check_labelled(owner, labels.reshape(len(labels), -1), names)
            elif len(known) != n_tasks:
                sentence = (
                    f"The `y` parameter of {owner} must have a column for each of the {len(known)} tasks. Got "
                    f"{n_tasks} columns."
                )
                raise DataError(sentence)
            return cls(names if known is None else known, None)
        ids = _as_ids(owner, tasks, len(labels))
        if labels.ndim != 1:
            sentence = (
                f"The `tasks` parameter of {owner} names the task of each row, for labels of the shape "
                f"(n_rows,). Got labels of the shape {labels.shape}: leave `tasks` out, or give one label "
                "per row."
            )
            raise DataError(sentence)
        if missing(labels).any():
            sentence = (
                f"The `y` parameter of {owner} must have a label in every row if each row belongs to one "
                f"task. Input y contains NaN in {int(missing(labels).sum())} rows: leave these out."
            )
            raise DataError(sentence)
        if known is not None:
            return cls(known, _positions(owner, known, ids))
        return cls(*np.unique(ids, return_inverse=True))

    def of_rows(self, rows: np.ndarray) -> TaskIds:
        """The same tasks, for a selection of rows that holds some of each."""
        return TaskIds(self.known, None if self.task is None else self.task[rows])

    @staticmethod
    def positions(
        owner: str, known: np.ndarray, tasks: Any, n_rows: int, *, others: bool = False
    ) -> np.ndarray:
        """Positions of ids among those that are known; with `others`, their number for unknown ones.

        Raises
        ------
        UnknownNameError
            Naming the first that is unknown.
        """
        return _positions(owner, known, _as_ids(owner, tasks, n_rows), others=others)


def _positions(
    owner: str, known: np.ndarray, ids: np.ndarray, *, others: bool = False
) -> np.ndarray:
    """As `TaskIds.positions`, of ids that were checked."""
    order = np.argsort(known, kind="stable")
    try:
        found = np.searchsorted(known, ids, sorter=order)
    except TypeError:
        found = np.full(len(ids), len(known))
    found = order[np.minimum(found, len(known) - 1)]
    wrong = np.asarray(known[found] != ids)
    if others:
        return np.where(wrong, len(known), found)
    if wrong.any():
        first = plain(ids[int(np.flatnonzero(wrong)[0])])
        nearest = suggestion(str(first), [str(each) for each in known])
        sentence = (
            f"The `tasks` parameter of {owner} must name tasks that were learned. Got {first!r} "
            f"instead. {nearest}"
        )
        raise UnknownNameError(sentence)
    return found


def _as_ids(owner: str, tasks: Any, n_rows: int) -> np.ndarray:
    with checked(owner):
        ids: np.ndarray = tasks.to_numpy() if hasattr(tasks, "to_numpy") else np.asarray(tasks)
    given = np.array(tasks, dtype=object) if isinstance(tasks, list | tuple) else ids
    absent = missing(given)
    if given.dtype.kind == "O" and len({isinstance(each, str) for each in given[~absent]}) > 1:
        sentence = (
            f"The `tasks` parameter of {owner} must be numbers or texts. Got both, of which some may look alike: "
            "write all as texts."
        )
        raise DataError(sentence)
    if ids.shape != (n_rows,):
        sentence = (
            f"The `tasks` parameter of {owner} must have an id for each of the {n_rows} rows. Got the "
            f"shape {ids.shape} instead."
        )
        raise DataError(sentence)
    if absent.any() or (ids.dtype.kind == "f" and np.isinf(ids).any()):
        raise DataError(f"The `tasks` parameter of {owner} must have no missing id.")
    if ids.dtype.kind == "O":
        ids = ids.astype(str)
    if ids.dtype.kind == "f" and (ids == np.round(ids)).all():
        ids = ids.astype(np.int64)
    return ids


def _check_columns(owner: str, columns: np.ndarray | None, known: np.ndarray | None) -> None:
    """Raise for two columns of one name, or where those of an earlier part had other names."""
    if columns is None:
        return
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if (columns == name).sum() > 1)
        sentence = (
            f"The `y` parameter of {owner} must have a name for each column. Two are named {str(twice)!r}: "
            "rename one."
        )
        raise DataError(sentence)
    if known is not None and len(known) == len(columns) and list(map(str, known)) != list(columns):
        sentence = (
            f"The `y` parameter of {owner} must have the columns of the tasks in their order, "
            f"{', '.join(map(str, known[:20]))}. Got {', '.join(columns[:20])} instead."
        )
        raise DataError(sentence)


def _check_labelled(owner: str, labels: np.ndarray, known: np.ndarray) -> None:
    absent = missing(labels)
    if labels.shape[1] == 1 and absent.any():
        sentence = (
            f"The `y` parameter of {owner} must have a label in every row of a single task. Input y "
            f"contains NaN in {int(absent.sum())} rows: leave these out."
        )
        raise DataError(sentence)
    empty = absent.all(axis=0)
    if empty.any():
        first = plain(known[int(np.flatnonzero(empty)[0])])
        sentence = (
            f"The `y` parameter of {owner} must have a label of each task. Task {first!r} has none: leave "
            "its column out."
        )
        raise DataError(sentence)
