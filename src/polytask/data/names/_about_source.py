"""Names of sources in errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from polytask.exceptions import DataError, ParameterError

__all__ = ["about_source"]


@contextmanager
def about_source(name: str, *, alone: bool = False) -> Iterator[None]:
    """Prefix errors raised in the block with the name of the source.

    Parameters
    ----------
    name : str
    alone : bool
        Whether it is the only source, which is not named.

    Examples
    --------
    >>> from polytask.data.names import about_source
    >>> from polytask.exceptions import DataError
    >>> with about_source("red"):
    ...     raise DataError("The table has no rows.")
    Traceback (most recent call last):
        ...
    polytask.exceptions.DataError: Source 'red': The table has no rows.
    """
    try:
        yield
    except (DataError, ParameterError) as error:
        if not alone:
            error.args = (f"Source {name!r}: {error}", *error.args[1:])
        raise
