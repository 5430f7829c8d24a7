"""Any frame as a polars one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from polars import selectors as cs

from polytask._naming import suggestion
from polytask._validation import describe, message
from polytask.exceptions import DataError, MissingDependencyError, ParameterError

__all__ = ["array_columns", "header_doubt", "no_duplicates", "require_columns", "to_polars"]

_MOST_NAMES = 12


def to_polars(frame: Any) -> pl.DataFrame:
    """Return any frame as a polars one, NaN as null; the frame itself is never changed.

    Parameters
    ----------
    frame : polars, pandas or pyarrow frame, mapping, or numpy array
        Whatever narwhals takes; a mapping of names to columns; or an array (n, d), whose
        columns are then ``x0`` … .

    Raises
    ------
    DataError
        If two columns carry one name, or columns differ in length.
    ParameterError
        If it is none of these.

    Examples
    --------
    >>> from polytask.data import to_polars
    >>> to_polars({"age": [31, 44]}).shape
    (2, 1)
    """
    table = frame if isinstance(frame, pl.DataFrame) else _converted(frame)
    return table.with_columns(cs.float().fill_nan(None))


def _converted(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, np.ndarray):
        return array_columns(frame)
    if isinstance(frame, Mapping):
        return _from_mapping(frame)
    no_duplicates([str(name) for name in _names(frame)])
    try:
        wrapped = nw.from_native(frame)
    except TypeError as error:
        expected = "a polars, pandas or pyarrow frame, a mapping of columns, or a numpy array"
        raise ParameterError(message("to_polars", "frame", expected, frame)) from error
    table = wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped
    try:
        return table.rename({name: str(name) for name in table.columns}).to_polars()
    except ImportError as error:
        sentence = f"{error}. Install it with: pip install 'polytask[frames]'"
        raise MissingDependencyError(sentence) from error
    except (TypeError, ValueError) as error:  # what pyarrow raises for mixed cells
        sentence = f"A column of the table mixes values of several types: {error}"
        raise DataError(sentence) from error


def _names(frame: Any) -> Iterable[object]:
    names = getattr(frame, "column_names", None)  # pyarrow
    return names if names is not None else getattr(frame, "columns", ())


def _from_mapping(columns: Mapping[Any, Any]) -> pl.DataFrame:
    series = [_series(str(name), values) for name, values in columns.items()]
    lengths = {column.name: len(column) for column in series}
    if len(set(lengths.values())) > 1:
        sentence = f"The columns of a table must have one length. Got {lengths} instead."
        raise DataError(sentence)
    no_duplicates([column.name for column in series])
    return pl.DataFrame(series)


def _series(name: str, values: Any) -> pl.Series:
    if isinstance(values, str | bytes) or not isinstance(values, pl.Series | Iterable):
        sentence = (
            f"Column {name!r} must be a sequence of values, one a row. "
            f"Got {describe(values)} instead; for a single row write [{describe(values)}]."
        )
        raise DataError(sentence)
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = values.tolist()
    elif not isinstance(values, pl.Series | np.ndarray | Sequence):
        values = list(values)
    try:
        return pl.Series(name, values)
    except (TypeError, pl.exceptions.PolarsError) as error:
        sentence = f"Column {name!r} mixes values of several types: {error}"
        raise DataError(sentence) from error


def array_columns(array: np.ndarray, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns ``x0`` … of a table (n, d), or one column ``x`` of tensors (n, d₁, d₂, …)."""
    if array.ndim == 0:
        raise ParameterError(message("to_polars", "frame", "an array with a row axis", array))
    if array.ndim > 2:
        name = names[0] if names else "x"
        return pl.DataFrame([pl.Series(name, np.ascontiguousarray(array))])
    table = array[:, None] if array.ndim == 1 else array
    names = [f"x{column}" for column in range(table.shape[1])] if names is None else list(names)
    if len(names) != table.shape[1]:
        sentence = (
            f"The `names` parameter must name {table.shape[1]} columns. Got {len(names)} instead."
        )
        raise ParameterError(sentence)
    no_duplicates(names)
    return pl.DataFrame([_series(name, table[:, column]) for column, name in enumerate(names)])


def no_duplicates(names: Sequence[str]) -> None:
    """Raise if two columns carry one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        shown = ", ".join(repr(name) for name in repeated[:5])
        sentence = (
            f"The table has several columns of one name: {shown}. Rename or remove all but one."
        )
        raise DataError(sentence)


def require_columns(known: Sequence[str], wanted: Iterable[str], what: str) -> None:
    """Raise if wanted columns are not in the table, suggesting the nearest of a single one."""
    absent = [name for name in wanted if name not in known]
    if not absent:
        return
    if len(absent) == 1:
        sentence = f"{absent[0]!r} is not a column of the table. {suggestion(absent[0], known)}"
    else:
        shown = ", ".join(map(repr, absent[:_MOST_NAMES])) + ", …" * (len(absent) > _MOST_NAMES)
        sentence = f"{shown} are not columns of the table. Check its header."
    raise DataError(f"{what} {sentence}{header_doubt(known)}")


def header_doubt(names: Sequence[str]) -> str:
    """A question to add where most names are numbers, other than a count of the columns."""
    counted = [[str(place + first) for place in range(len(names))] for first in (0, 1)]
    if 2 * sum(map(_is_number, names)) <= len(names) or list(names) in counted:
        return ""
    return " The first line looks like data; does the file lack a header?"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
