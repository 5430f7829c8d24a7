"""Leave out the tasks of which all labels are of one class."""

from __future__ import annotations

from collections.abc import Sequence

from polytask.data._dataset import MultiTaskDataset
from polytask.data._one_class import left_out_notes
from polytask.data._split import Split
from polytask.data._without_one_class import check_remaining, one_class_tasks
from polytask.exceptions import OneClassError

__all__ = ["learnable", "learnable_splits"]

_WHERE = "in the training rows"


def learnable(
    train: MultiTaskDataset, validation: MultiTaskDataset
) -> tuple[MultiTaskDataset, MultiTaskDataset, tuple[str, ...]]:
    """Training and validation rows without the tasks whose training rows hold one class.

    Parameters
    ----------
    train, validation : MultiTaskDataset

    Returns
    -------
    train, validation : MultiTaskDataset
    notes : tuple of str
        Which tasks are left out, and why.

    Raises
    ------
    OneClassError
        If no primary task remains; names all of them.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data import learnable, read
    >>> table = {"x": range(6), "rich": [0, 1, 0, 1, 0, 1], "rare": [0, 0, 0, 0, 0, 1]}
    >>> data = read(table, ["rich", "rare"])
    >>> train, validation = data.take({"table": np.arange(4)}), data.take({"table": [4, 5]})
    >>> train, validation, notes = learnable(train, validation)
    >>> train.tasks.names, notes
    (('rich',), ('rare: left out, since only one class, 0, is observed in the training rows',))
    """
    found = one_class_tasks(train.sources)
    if not found:
        return train, validation, ()
    check_remaining(train.tasks, found)
    notes = left_out_notes(found, _WHERE)
    return train.without_tasks(found), validation.without_tasks(found), notes


def learnable_splits(
    data: MultiTaskDataset, splits: Sequence[Split]
) -> tuple[MultiTaskDataset, list[Split], tuple[str, ...]]:
    """Data and splits without the tasks of which the training rows of any split hold one class.

    Parameters
    ----------
    data : MultiTaskDataset
    splits : sequence of Split

    Returns
    -------
    data : MultiTaskDataset
    splits : list of Split
        Of the same rows; those of a left-out task that had rows of its own are gone.
    notes : tuple of str

    Raises
    ------
    OneClassError
        If no primary task remains; names all of them.
    """
    found: dict[str, OneClassError] = {}
    notes: list[str] = []
    for split in splits:
        of_split = one_class_tasks(data.take(split.train).sources)
        fresh = {name: error for name, error in of_split.items() if name not in found}
        where = _WHERE if len(splits) == 1 else f"{_WHERE} of {split.name}"
        notes += left_out_notes(fresh, where)
        found |= fresh
    if not found:
        return data, list(splits), ()
    check_remaining(data.tasks, found)
    kept = {source.name: source.rows_without(found) for source in data.sources}
    return data.without_tasks(found), [split.among(kept) for split in splits], tuple(notes)
