"""Any table as a polars frame."""

from __future__ import annotations

from typing import Any

import polars as pl

from polytask.data.readers._foreign import foreign
from polytask.data.readers._frames import plain_table
from polytask.data.readers._nested import fault
from polytask.exceptions import DataError

__all__ = ["as_table", "to_polars"]


def to_polars(frame: Any) -> pl.DataFrame:
    """Return any frame as a polars one, NaN as null; the frame itself is never changed.

    Parameters
    ----------
    frame : polars, pandas or pyarrow frame, mapping, array, tensor, sparse matrix, or list of rows
        Whatever narwhals takes; a mapping of names to columns, or a list of such rows; a
        structured array; or an array (n, d), whose columns are then ``x0`` … . Sparse columns and
        matrices are filled up with their zeros. Also a bunch of scikit-learn, a data set of torch
        that has a length, or one of Hugging Face.

    Raises
    ------
    DataError
        If two columns carry one name, columns differ in length, or one mixes values of several
        types.
    ParameterError
        If it is none of these.

    Examples
    --------
    >>> from polytask.data import to_polars
    >>> to_polars({"age": [31, 44]}).shape
    (2, 1)
    """
    table = as_table(frame)
    for series in table.iter_columns():
        if series.dtype == pl.Object:
            raise DataError(fault(series))
    return table


def as_table(frame: Any) -> pl.DataFrame:
    """As `to_polars`, but columns that nothing can be made of stay as objects."""
    opened = foreign(frame)
    return plain_table(frame if opened is None else opened.frame.collect())
