"""Rows of a batch that follow those of the table."""

from __future__ import annotations

__all__ = ["batch_size_for", "batch_size_note"]

_FEWEST, _MOST = 256, 1024
_STEPS_PER_EPOCH = 200


def batch_size_for(n_rows: int) -> int:
    """Rows of a batch: 256, doubled while an epoch has more than 200 batches, at most 1024.

    So a budget of 2000 steps reads up to 200 000 rows ten times.

    Parameters
    ----------
    n_rows : int
        Training rows of all sources; of one task, where tasks have networks and batches of their own.

    Examples
    --------
    >>> from polytask.training._batch_size import batch_size_for
    >>> [batch_size_for(n_rows) for n_rows in (1000, 51_200, 60_000, 150_000, 10**7)]
    [256, 256, 512, 1024, 1024]
    """
    size = _FEWEST
    while size < _MOST and n_rows > size * _STEPS_PER_EPOCH:
        size *= 2
    return size


def batch_size_note(n_rows: int) -> str | None:
    """A sentence on batches that are larger than those of a small table, if they may be.

    Parameters
    ----------
    n_rows : int
        All rows, of which some do not train.
    """
    if n_rows <= _FEWEST * _STEPS_PER_EPOCH:
        return None
    return (
        f"Batches of networks hold {_FEWEST} rows up to {_FEWEST * _STEPS_PER_EPOCH:,} training rows, "
        f"and up to {_MOST} beyond. Choose by --set trainer.batch_size=…, in Python by a `trainer`."
    )
