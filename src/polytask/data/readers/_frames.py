"""Any frame as a polars one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from polars import selectors as cs

from polytask._listing import count
from polytask._reason import reason
from polytask._validation import message
from polytask.data.readers._index_notes import index_notes
from polytask.data.readers._nested import fault, readable_table
from polytask.data.readers._plain_arrays import as_array, is_sparse, is_tensor
from polytask.data.readers._series import as_series
from polytask.exceptions import DataError, MissingDependencyError, ParameterError

__all__ = [
    "array_columns",
    "as_table",
    "no_duplicates",
    "table_and_notes",
    "to_polars",
]


def to_polars(frame: Any) -> pl.DataFrame:
    """Return any frame as a polars one, NaN as null; the frame itself is never changed.

    Parameters
    ----------
    frame : polars, pandas or pyarrow frame, mapping, array, tensor, sparse matrix, or list of rows
        Whatever narwhals takes; a mapping of names to columns, or a list of such rows; a
        structured array; or an array (n, d), whose columns are then ``x0`` … . Sparse columns and
        matrices are filled up with their zeros.

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
    return table_and_notes(frame)[0]


def table_and_notes(frame: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """As `as_table`, with notes on decisions made in reading it."""
    given = frame if isinstance(frame, pl.DataFrame) else _converted(frame)
    table = readable_table(given).with_columns(cs.float().fill_nan(None))
    marked = [
        name
        for name, dtype in given.schema.items()
        if dtype == pl.Binary and table[name].null_count() > given[name].null_count()
    ]
    note = f"{', '.join(marked)}: cells b'?' are missing, as ARFF files write them"
    return table, (*index_notes(frame), *[note] * bool(marked))


def _converted(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, Mapping):
        return _from_columns({str(name): values for name, values in frame.items()}, list(frame))
    if is_tensor(type(frame)) or is_sparse(frame) or isinstance(frame, np.ndarray):
        return array_columns(as_array(frame))
    if isinstance(frame, list | tuple) and frame and all(isinstance(row, Mapping) for row in frame):
        names = list(dict.fromkeys(name for row in frame for name in row))
        return _converted({name: [row.get(name) for row in frame] for name in names})
    names = [_name(label) for label in _labels(frame)]
    no_duplicates(names)
    if nw.dependencies.is_pandas_dataframe(frame):
        return _from_columns(
            {name: frame.iloc[:, index] for index, name in enumerate(names)}, names
        )
    try:
        wrapped = nw.from_native(frame)
    except TypeError as error:
        expected = (
            "a polars, pandas or pyarrow frame, a mapping of columns, a list of such rows, "
            "or an array"
        )
        raise ParameterError(message("to_polars", "frame", expected, frame)) from error
    table = wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped
    try:
        return table.rename({name: str(name) for name in table.columns}).to_polars()
    except ImportError as error:
        sentence = f"{reason(error, named=False)}. Install it with: pip install 'polytask[frames]'"
        raise MissingDependencyError(sentence) from error
    except (TypeError, ValueError, NotImplementedError) as error:  # of pyarrow
        raise DataError(f"The table cannot be read: {reason(error, named=False)}.") from error


def _labels(frame: Any) -> Iterable[object]:
    names = getattr(frame, "column_names", None)  # pyarrow
    return names if names is not None else getattr(frame, "columns", ())


def _name(label: object) -> str:
    """A column's name; the levels of a hierarchical one are joined by underscores."""
    if not isinstance(label, tuple):
        return str(label)
    return "_".join(str(level) for level in label if str(level))


def _from_columns(columns: Mapping[str, Any], names: Sequence[object]) -> pl.DataFrame:
    no_duplicates([str(name) for name in names])
    series = [as_series(name, values) for name, values in columns.items()]
    lengths = {column.name: len(column) for column in series}
    if len(set(lengths.values())) > 1:
        sentence = f"The columns of a table must have one length. Got {lengths} instead."
        raise DataError(sentence)
    return pl.DataFrame(series)


def array_columns(array: np.ndarray, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns ``x0`` … of a table (n, d), or one column ``x`` of tensors (n, d₁, d₂, …)."""
    if array.ndim == 0:
        raise ParameterError(message("to_polars", "frame", "an array with a row axis", array))
    if array.dtype.names is not None:
        fields = array.dtype.names
        return _from_columns({name: array[name] for name in fields}, fields)
    if array.ndim > 2:
        return pl.DataFrame([as_series(names[0] if names else "x", array)])
    table = array[:, None] if array.ndim == 1 else array
    names = [f"x{column}" for column in range(table.shape[1])] if names is None else list(names)
    if len(names) != table.shape[1]:
        sentence = f"The `names` parameter must name {count(table.shape[1], 'column')}. Got {len(names)} instead."
        raise ParameterError(sentence)
    no_duplicates(names)
    return pl.DataFrame([as_series(name, table[:, column]) for column, name in enumerate(names)])


def no_duplicates(names: Sequence[str]) -> None:
    """Raise if two columns carry one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        shown = ", ".join(repr(name) for name in repeated[:5])
        sentence = (
            f"The table has several columns of one name: {shown}. Rename or remove all but one."
        )
        raise DataError(sentence)
