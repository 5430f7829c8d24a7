"""Columns of lists, bytes and foreign types in a form that can be an input or a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from polars import selectors as cs

from polytask._validation import describe
from polytask.data.cells import family, innermost, steps_of
from polytask.data.readers._object_arrays import of_several_shapes
from polytask.data.readers._object_cells import object_cells
from polytask.data.readers._whole_decimals import whole_decimals
from polytask.exceptions import DataError

__all__ = ["fault", "of_image_files", "path_notes", "readable", "readable_table"]


def readable_table(table: pl.DataFrame) -> pl.DataFrame:
    """A table whose lists are tensors, whose bytes are text, wherever they can be, and NaN null.

    Decimals are whole numbers where a float would change them, and types that extend another one
    are that one.
    """
    table = whole_decimals(table.with_columns(_stored(s) for s in table if _is_extended(s)))
    changed = [
        readable(table[name])
        for name, dtype in table.schema.items()
        if dtype.is_nested() or dtype in {pl.Binary, pl.Object}
    ]
    table = table.with_columns(changed) if changed else table
    return table.with_columns(cs.float().fill_nan(None))


def _is_extended(series: pl.Series) -> bool:
    """Whether a library stored its own type, as Hugging Face does arrays of two axes."""
    known = getattr(pl, "BaseExtension", None)
    return known is not None and isinstance(series.dtype, known)


def _stored(series: pl.Series) -> pl.Series:
    return series.ext.storage()


def readable(series: pl.Series) -> pl.Series:
    """Lists of one length as tensors, bytes as text; a column that is neither as it is.

    Lists of several lengths stay lists; those of lists of numbers become lists of arrays, if all
    inner ones have one length.
    """
    dtype: Any = series.dtype
    if _holds_files(dtype):
        series = of_image_files(series)
        dtype = series.dtype
    if dtype == pl.Binary:
        return _decoded(series)
    if isinstance(dtype, pl.List):
        series = _stepped(_joined(series))
        dtype = series.dtype
    if isinstance(dtype, pl.Array):
        return _flat(_counted(series))
    if dtype == pl.Object:
        return _typed(series)
    return series


def of_image_files(series: pl.Series) -> pl.Series:
    """The bytes of files, or their paths where there are no bytes, as Hugging Face stores images."""
    content = series.struct.field("bytes")
    chosen = "path" if content.null_count() == len(content) else "bytes"
    return series.struct.field(chosen).alias(series.name)


def path_notes(table: pl.DataFrame) -> tuple[str, ...]:
    """A note for each column of files of which some cells have a path alone, and count as missing."""
    notes = []
    for series in table:
        if not _holds_files(series.dtype):
            continue
        content, path = series.struct.field("bytes"), series.struct.field("path")
        lost = int((content.is_null() & path.is_not_null()).sum())
        if lost and content.null_count() < len(content):
            cells = "1 cell has" if lost == 1 else f"{lost:,} cells have"
            counted = "counts" if lost == 1 else "count"
            notes.append(
                f"{series.name}: {cells} a path but no bytes, which the others have, and {counted} as "
                "missing; give the bytes of all files, or of none"
            )
    return tuple(notes)


def _holds_files(dtype: Any) -> bool:
    """Whether cells are files as Hugging Face stores them, with their bytes, paths or both."""
    return isinstance(dtype, pl.Struct) and {f.name for f in dtype.fields} == {"bytes", "path"}


def _decoded(series: pl.Series) -> pl.Series:
    """Bytes as text; a cell that ARFF files mark as missing is null."""
    try:
        return series.cast(pl.String).replace("?", None)
    except pl.exceptions.PolarsError:  # of bytes that are no text
        return series


def _joined(series: pl.Series) -> pl.Series:
    """Lists of one length as arrays of polars, inner lists first."""
    dtype: Any = series.dtype
    lengths = series.list.len().drop_nulls().unique()
    if len(lengths) != 1 or not lengths[0]:
        return series
    if isinstance(dtype.inner, pl.List):
        inner = _joined(series.explode())
        if isinstance(inner.dtype, pl.List):
            return series
        series = series.cast(pl.List(inner.dtype))
    return series.list.to_array(int(lengths[0]))


def _stepped(series: pl.Series) -> pl.Series:
    """Lists of lists of one length as lists of arrays."""
    dtype: Any = series.dtype
    if not (isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.List)):
        return series
    lengths = steps_of(series).cells.list.len().drop_nulls().unique()
    if not dtype.inner.inner.is_numeric() or len(lengths) != 1 or not lengths[0]:
        return series
    return series.cast(pl.List(pl.Array(dtype.inner.inner, int(lengths[0]))))


def _counted(series: pl.Series) -> pl.Series:
    """Truth values in arrays as 0 and 1."""
    if innermost(series) != pl.Boolean:
        return series
    shape = series.dtype.shape  # type: ignore[attr-defined]
    return series.cast(pl.Array(pl.UInt8, shape))


def _flat(series: pl.Series) -> pl.Series:
    """An array of one number as that number."""
    return series.arr.first() if series.dtype.shape == (1,) else series  # type: ignore[attr-defined]


def _typed(series: pl.Series) -> pl.Series:
    try:
        return object_cells(series.name, series.to_list())
    except DataError:
        return series


def fault(series: pl.Series) -> str:
    """A sentence on what makes a column unusable, if its type alone does not tell; else empty."""
    dtype: Any = series.dtype
    if dtype == pl.Object:
        return _fault_of_objects(series)
    if dtype == pl.Binary:
        return f"Column {series.name!r} holds bytes that are not UTF-8 text. Decode them first."
    if isinstance(dtype, pl.Struct):
        fields = ", ".join(field.name for field in dtype.fields[:5])
        return (
            f"Column {series.name!r} holds mappings of {fields}. "
            "Make each of these a column of its own, such as by the frame's unnest."
        )
    if isinstance(dtype, pl.List) or (isinstance(dtype, pl.Array) and family(series) != "tensors"):
        return _fault_of_lists(series)
    return ""


def _fault_of_objects(series: pl.Series) -> str:
    try:
        object_cells(series.name, series.to_list())
    except DataError as error:
        return str(error)
    return ""


def _fault_of_lists(series: pl.Series) -> str:
    present = {row: cell for row, cell in enumerate(series.to_list()) if cell is not None}
    first = next(iter(present))
    if family(series) == "empty lists":
        return f"Column {series.name!r} holds empty lists alone. Drop it, or fill them."
    inner: Any = series.dtype.inner  # type: ignore[attr-defined]
    if not (inner.is_nested() or inner.is_numeric() or inner in {pl.String, pl.Boolean}):
        return (
            f"Column {series.name!r} holds lists such as {describe(present[first], 40)}. Make all that "
            "they hold numbers or text."
        )
    if inner.is_nested():
        return _fault_of_steps(series.name, present)
    other = next((row for row in present if len(present[row]) != len(present[first])), None)
    if other is not None:
        lengths = [((len(present[row]),), row) for row in (first, other)]
        return of_several_shapes(series.name, *lengths)
    return (
        f"Column {series.name!r} holds lists such as {describe(present[first], 40)}. "
        "Make a column of 0 and 1 for each value that occurs in them."
    )


def _fault_of_steps(name: str, lists: Mapping[int, Sequence[Any]]) -> str:
    """What keeps lists of lists from being sequences: steps of several lengths, or of no numbers."""
    steps = [
        (row, position, step)
        for row, cell in lists.items()
        for position, step in enumerate(cell)
        if step is not None
    ]
    if steps:
        row, position, step = steps[0]
        other = next((found for found in steps if len(found[2]) != len(step)), None)
        if other is not None:
            return (
                f"Column {name!r} holds lists whose steps have different lengths ({len(step)} in row "
                f"{row}, step {position}; {len(other[2])} in row {other[0]}, step {other[1]}). Give "
                "every step as many numbers, or make what they hold columns of their own."
            )
    return f"Column {name!r} holds lists of lists that are no steps of numbers. Drop it, or flatten them."
