"""Any frame as a polars one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from polytask._reason import reason
from polytask._validation import message
from polytask.data.readers._frame_columns import array_columns, from_columns, no_duplicates
from polytask.data.readers._index_notes import index_notes
from polytask.data.readers._nested import path_notes, readable_table
from polytask.data.readers._plain_arrays import as_array, is_sparse, is_tensor
from polytask.exceptions import DataError, MissingDependencyError, ParameterError

__all__ = [
    "plain_table",
    "table_and_notes",
]


def plain_table(frame: Any) -> pl.DataFrame:
    """A frame as a polars one; columns that nothing can be made of stay as objects."""
    return table_and_notes(frame)[0]


def table_and_notes(frame: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """A frame as a polars one, columns that nothing can be made of as objects, and notes on reading."""
    given = frame if isinstance(frame, pl.DataFrame) else _converted(frame)
    table = readable_table(given)
    marked = [
        name
        for name, dtype in given.schema.items()
        if dtype == pl.Binary and table[name].null_count() > given[name].null_count()
    ]
    note = f"{', '.join(marked)}: cells b'?' are missing, as ARFF files write them"
    return table, (*index_notes(frame), *path_notes(given), *[note] * bool(marked))


def _converted(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, Mapping):
        return from_columns({str(name): values for name, values in frame.items()}, list(frame))
    if is_tensor(type(frame)) or is_sparse(frame) or isinstance(frame, np.ndarray):
        return array_columns(as_array(frame))
    if isinstance(frame, list | tuple) and frame and all(isinstance(row, Mapping) for row in frame):
        names = list(dict.fromkeys(name for row in frame for name in row))
        return _converted({name: [row.get(name) for row in frame] for name in names})
    names = [_name(label) for label in _labels(frame)]
    no_duplicates(names)
    if nw.dependencies.is_pandas_dataframe(frame):
        return from_columns({name: frame.iloc[:, index] for index, name in enumerate(names)}, names)
    try:
        wrapped = nw.from_native(frame)
    except TypeError as error:
        expected = (
            "a polars, pandas or pyarrow frame, a mapping of columns, a list of such rows, "
            "an array, a bunch, or a data set of torch or Hugging Face"
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
