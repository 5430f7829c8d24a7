"""Columns of splits that every source must have."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._listing import enumerated
from polytask.data.sources import Source
from polytask.exceptions import DataError

__all__ = ["check_in_every_source"]


def check_in_every_source(sources: Sequence[Source], column: str | None, what: str) -> None:
    """Raise if some sources have a split's column and others lack it.

    Parameters
    ----------
    sources : sequence of Source
    column : str or None
        None is not checked; neither is a column that no source has.
    what : str
        What the column names, such as ``"group"``, for the error sentence.

    Raises
    ------
    DataError
    """
    if column is None:
        return
    lacking = [source.name for source in sources if not _has(source, column)]
    if 0 < len(lacking) < len(sources):
        missing = enumerated(map(repr, lacking))
        sentence = (
            f"The {what} column {column!r} must be in every source. It is missing in {missing}; "
            "add it there, or split by another column."
        )
        raise DataError(sentence)


def _has(source: Source, column: str) -> bool:
    return column in {*source.inputs.columns, source.task_column, source.group_column}
