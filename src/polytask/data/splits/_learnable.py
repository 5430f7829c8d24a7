"""Leave out the tasks that cannot be learned, or not be judged."""

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
    """Data and splits without the tasks that cannot be learned or judged in each of them.

    Those are the tasks of which the training rows of a split hold one class, and primary ones that
    no test row of a split is labelled for.

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
        If no primary task remains; names all of one class.
    TooFewRowsError
        If no primary task remains of those without labelled test rows.
    """
    data, splits, unjudged = _judged(data, splits)
    found: dict[str, OneClassError] = {}
    notes = list(unjudged)
    for split in splits:
        of_split = one_class_tasks(data.take(split.train).sources)
        fresh = {name: error for name, error in of_split.items() if name not in found}
        where = _WHERE if len(splits) == 1 else f"{_WHERE} of {split.name}"
        notes += left_out_notes(fresh, where)
        found |= fresh
    check_remaining(data.tasks, found)
    return *_without(data, splits, found), tuple(notes)


def _judged(
    data: MultiTaskDataset, splits: Sequence[Split]
) -> tuple[MultiTaskDataset, Sequence[Split], list[str]]:
    """Without the primary tasks that no test row of a split is labelled for, where it has any."""
    found: set[str] = set()
    notes = []
    for split in splits:
        absent = unlabelled_tasks(data, split.test) if any(map(len, split.test.values())) else []
        fresh = [name for name in absent if data.tasks[name].is_primary and name not in found]
        if fresh:
            where = "the split" if len(splits) == 1 else split.name
            notes.append(f"{first_and_more(fresh)}: left out, with no labelled test row in {where}")
        found.update(fresh)
    if found and not any(task.is_primary for task in data.tasks if task.name not in found):
        sentence = "No task is left to be judged. Split in another way, or add rows."
        raise TooFewRowsError(f"{'; '.join(notes)}. {sentence}")
    return *_without(data, splits, found), notes


def _without(
    data: MultiTaskDataset, splits: Sequence[Split], names: Collection[str]
) -> tuple[MultiTaskDataset, list[Split]]:
    if not names:
        return data, list(splits)
    reduced = data.without_tasks(names)
    left = {source.name for source in reduced.sources}
    kept = {s.name: s.rows_without(names) for s in data.sources if s.name in left}
    return reduced, [split.among(kept) for split in splits]
