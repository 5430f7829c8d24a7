"""Removal of tasks that cannot be learned or judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import check_remaining, left_out_notes, one_class_tasks
from polytask.data.splits._drawn_split import unlabelled_tasks
from polytask.data.splits._split import Split
from polytask.exceptions import OneClassError, TooFewRowsError

__all__ = ["learnable", "learnable_splits"]

_WHERE = "in the training rows"


def learnable(
    train: MultiTaskDataset, validation: MultiTaskDataset
) -> tuple[MultiTaskDataset, MultiTaskDataset, tuple[str, ...]]:
    """Remove the tasks whose training rows hold one class from training and validation rows.

    Parameters
    ----------
    train, validation : MultiTaskDataset

    Returns
    -------
    train, validation : MultiTaskDataset
    notes : tuple of str
        The tasks that are left out, with reasons.

    Raises
    ------
    OneClassError
        If no primary task remains, naming all of them.

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
    errors = one_class_tasks(train.sources)
    if not errors:
        return train, validation, ()
    check_remaining(train.tasks, errors)
    notes = left_out_notes(errors, _WHERE)
    return train.without_tasks(errors), validation.without_tasks(errors), notes


def learnable_splits(
    data: MultiTaskDataset, splits: Sequence[Split]
) -> tuple[MultiTaskDataset, list[Split], tuple[str, ...]]:
    """Remove the tasks that cannot be learned or judged in every split.

    These are tasks with one class in the training rows of a split, and primary tasks without a
    labelled test row in a split.

    Parameters
    ----------
    data : MultiTaskDataset
    splits : sequence of Split

    Returns
    -------
    data : MultiTaskDataset
    splits : list of Split
        Splits of the remaining rows.
    notes : tuple of str

    Raises
    ------
    OneClassError
        If no primary task remains, naming all tasks with one class.
    TooFewRowsError
        If no primary task has labelled test rows.
    """
    data, splits, unjudged = _judged(data, splits)
    errors: dict[str, OneClassError] = {}
    notes = list(unjudged)
    for split in splits:
        of_split = one_class_tasks(data.take(split.train).sources)
        fresh = {name: error for name, error in of_split.items() if name not in errors}
        where = _WHERE if len(splits) == 1 else f"{_WHERE} of {split.name}"
        notes += left_out_notes(fresh, where)
        errors |= fresh
    check_remaining(data.tasks, errors)
    return *_without(data, splits, errors), tuple(notes)


def _judged(
    data: MultiTaskDataset, splits: Sequence[Split]
) -> tuple[MultiTaskDataset, Sequence[Split], list[str]]:
    """Remove primary tasks without a labelled test row in a split that has test rows."""
    removed: set[str] = set()
    notes = []
    for split in splits:
        absent = unlabelled_tasks(data, split.test) if any(map(len, split.test.values())) else []
        fresh = [name for name in absent if data.tasks[name].is_primary and name not in removed]
        if fresh:
            where = "the split" if len(splits) == 1 else split.name
            notes.append(f"{first_and_more(fresh)}: left out, with no labelled test row in {where}")
        removed.update(fresh)
    if removed and not any(task.is_primary for task in data.tasks if task.name not in removed):
        sentence = "No task is left to be judged. Split in another way, or add rows."
        raise TooFewRowsError(f"{'; '.join(notes)}. {sentence}")
    return *_without(data, splits, removed), notes


def _without(
    data: MultiTaskDataset, splits: Sequence[Split], names: Collection[str]
) -> tuple[MultiTaskDataset, list[Split]]:
    if not names:
        return data, list(splits)
    reduced = data.without_tasks(names)
    left = {source.name for source in reduced.sources}
    kept = {s.name: s.rows_without(names) for s in data.sources if s.name in left}
    return reduced, [split.among(kept) for split in splits]
