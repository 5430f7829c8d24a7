"""Named arrays with one row axis as a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count, enumerated, first_and_more
from polytask.data.readers._frame_columns import array_columns, no_duplicates
from polytask.data.readers._plain_arrays import as_array, is_sparse
from polytask.data.readers._scanned import Scanned
from polytask.data.readers._series import as_series
from polytask.exceptions import DataError

__all__ = ["array_table"]

_PART = "train|test|validation|valid|val|dev"
_OF_A_PART = re.compile(rf"(?:({_PART})_?(.+)|(.+?)_?({_PART}))", re.IGNORECASE)
SPLIT = "split"
"""The column that names the part of each row."""


def array_table(
    arrays: Mapping[str, Any], whole: Collection[str] = (), *, turned: bool = False
) -> Scanned:
    """Arrays of one length as columns; those of other lengths are left out, and named in a note.

    The length is the one that most arrays have, or the longest of these. An array (n, d) is the
    columns ``NAME_0`` …, and one of more axes a column of tensors. If arrays are named by parts,
    as in ``x_train, y_train, x_test, y_test``, the parts are one table, whose column ``split`` names
    them.

    Parameters
    ----------
    arrays : mapping of str to array, sparse matrix, or list of arrays
    whole : collection of str
        Arrays (n, d) that stay one column.
    turned : bool, default False
        Whether an array (1, n) may be a column of n rows, as in files of MATLAB.

    Raises
    ------
    DataError
        If no array has rows, or two columns have one name.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.data.readers._array_table import array_table
    >>> table = array_table(
    ...     {"x": np.ones((4, 2)), "y": np.arange(4), "names": np.array(["a", "b"])}
    ... )
    >>> table.frame.collect().columns, table.notes
    (['x_0', 'x_1', 'y'], ('names: of 2 rows, where the others have 4; left out', 'x: columns x_0, x_1'))
    """
    parts = _parts(arrays)
    if not parts:
        frame, notes = _one_table(arrays, whole, turned=turned)
        return Scanned(frame.lazy(), notes)
    frames, notes = [], ()
    for part, named in parts.items():
        frame, notes = _one_table(named, whole, turned=turned)
        no_duplicates([*frame.columns, SPLIT])
        frames.append(frame.with_columns(pl.lit(part).alias(SPLIT)))
    frames = [frame.select(frames[0].columns) for frame in frames]  # saved in any order
    others = [name for name in arrays if _OF_A_PART.fullmatch(name) is None]
    said = f"{enumerated(parts)} arrays are one table, whose column {SPLIT} names the part"
    left = [f"{first_and_more(others)}: of no part; left out"] if others else []
    return Scanned(pl.concat(frames, how="vertical_relaxed").lazy(), (said, *left, *notes))


def _parts(arrays: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Arrays by part and by name without the part; none unless all parts have the same."""
    parts: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        match = _OF_A_PART.fullmatch(name)
        if match is not None:
            part, stem = match[1] or match[4], (match[2] or match[3]).strip("_")
            parts.setdefault(part.casefold(), {})[stem] = array
    names = {tuple(sorted(named)) for named in parts.values()}
    whole = {"train", "test"} <= set(parts) and len(names) == 1
    shapes = {
        tuple(sorted((name, np.shape(array)[1:]) for name, array in named.items()))
        for named in parts.values()
    }
    return parts if whole and len(shapes) == 1 else {}


def _one_table(
    arrays: Mapping[str, Any], whole: Collection[str], *, turned: bool
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    fit = {name: array for name, array in arrays.items() if _lengths(array, turned=turned)}
    if not fit:
        listed = first_and_more(arrays) if arrays else "none"
        raise DataError(f"There is no array with a row axis. Got {listed}.")
    rows = _rows(fit.values(), turned=turned)
    columns: list[pl.Series] = []
    notes = list(_left_out(arrays, rows, turned=turned))
    for name, array in fit.items():
        if rows not in _lengths(array, turned=turned):
            continue
        made = _columns(name, array if len(_as_rows(array)) == rows else _turned(array), whole)
        columns += made
        if len(made) > 1:
            shown = ", ".join(series.name for series in made[:2])
            more = f" … {made[-1].name}" if len(made) > 2 else ""
            notes.append(f"{name}: columns {shown}{more}")
    no_duplicates([series.name for series in columns])
    return pl.DataFrame(columns), tuple(notes)


def _as_rows(array: Any) -> Any:
    return range(array.shape[0]) if is_sparse(array) else array


def _turned(array: Any) -> Any:
    return as_array(array).reshape(-1)


def _lengths(array: Any, *, turned: bool) -> tuple[int, ...]:
    """Numbers of rows that an array may have."""
    if isinstance(array, list):
        return (len(array),)
    shape = tuple(array.shape)
    if not shape or not shape[0]:
        return ()
    across = turned and len(shape) == 2 and shape[0] == 1 != shape[1]
    return (shape[0], shape[1]) if across else (shape[0],)


def _rows(arrays: Iterable[Any], *, turned: bool) -> int:
    """The length of most arrays; of several the one that most have along the first axis, or the longest."""
    lengths = [_lengths(array, turned=turned) for array in arrays]
    any_axis = Counter(length for several in lengths for length in set(several))
    first = Counter(several[0] for several in lengths)
    return max(any_axis, key=lambda length: (any_axis[length], first[length], length))


def _left_out(arrays: Mapping[str, Any], rows: int, *, turned: bool) -> Iterable[str]:
    for name, array in arrays.items():
        lengths = _lengths(array, turned=turned)
        if not lengths:
            yield (
                f"{name}: a single value; left out"
                if np.ndim(array) == 0
                else f"{name}: empty; left out"
            )
        elif rows not in lengths:
            yield f"{name}: of {count(lengths[0], 'row')}, where the others have {rows:,}; left out"


def _columns(name: str, array: Any, whole: Collection[str]) -> list[pl.Series]:
    if isinstance(array, list):
        return [as_series(name, array)]
    array = as_array(array)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.ndim == 2 and array.shape[1] > 1 and name not in whole:
        names = [f"{name}_{column}" for column in range(array.shape[1])]
        return list(array_columns(array, names).iter_columns())
    return [as_series(name, array)]
