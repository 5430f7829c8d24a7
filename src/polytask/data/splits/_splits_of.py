"""Splits of the tasks that have enough rows."""

from __future__ import annotations

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._fixed_split import FixedSplit
from polytask.data.splits._split import Split
from polytask.data.splits._splitter import Splitter
from polytask.exceptions import TooFewRowsError

__all__ = ["splits_of"]


def splits_of(
    data: MultiTaskDataset, splitter: Splitter, seed: int
) -> tuple[MultiTaskDataset, list[Split], tuple[str, ...]]:
    """Split a data set, without the tasks that have too few rows.

    Parameters
    ----------
    data : MultiTaskDataset
    splitter : Splitter
        A `FixedSplit` must have training rows of every task.
    seed : int

    Returns
    -------
    data : MultiTaskDataset
        Without the tasks that have too few rows.
    splits : list of Split
        Splits of its rows.
    notes : tuple of str
        The tasks that are left out, with reasons.

    Raises
    ------
    TooFewRowsError
        If no primary task remains.

    Examples
    --------
    >>> from polytask.data import RandomSplit, read, splits_of
    >>> table = {"x": range(6), "price": range(6), "rare": [1.5, None, None, None, None, 2.5]}
    >>> data, splits, notes = splits_of(read(table, ["price", "rare"]), RandomSplit(), seed=0)
    >>> data.tasks.names, notes
    (('price',), ('rare: left out, with too few labelled rows to split in 3 parts',))
    """
    notes: list[str] = []
    while True:
        try:
            return data, list(splitter.splits(data, seed)), tuple(notes)
        except TooFewRowsError as error:
            if isinstance(splitter, FixedSplit) or not _remain(data, error):
                if notes:
                    raise TooFewRowsError(f"{error} ({'; '.join(notes)}.)") from error
                raise
            notes.append(f"{first_and_more(error.tasks)}: left out, {error.why}")
            data = data.without_tasks(error.tasks)


def _remain(data: MultiTaskDataset, error: TooFewRowsError) -> bool:
    """Whether the error names tasks of the data, and a primary task remains without them."""
    named = set(error.tasks) & set(data.tasks.names)
    return bool(named) and any(t.is_primary for t in data.tasks if t.name not in named)
