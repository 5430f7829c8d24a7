"""Lists or arrays, one per row, as a column of tensors or of lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool

from polytask._validation import describe
from polytask.data.readers._object_kinds import EXACT
from polytask.data.readers._plain_arrays import as_array
from polytask.exceptions import DataError

__all__ = ["array_cells", "is_unicode", "kept_where", "of_several_shapes"]


def array_cells(name: str, values: Sequence[Any]) -> pl.Series:
    """Lists or arrays, one per row, as a column; None is null.

    Numbers of one shape are tensors, those that differ in their number of steps are lists, of
    arrays where steps are several numbers, and texts are lists of text. Without any it is a column
    of nothing.

    Raises
    ------
    DataError
        If they differ in another way, or hold anything else.
    """
    if _holds_text(values):
        return _text_lists(name, values)
    cells = [None if value is None else _numbers(name, value) for value in values]
    shapes: dict[tuple[int, ...], int] = {}
    for row, cell in enumerate(cells):
        if cell is not None:
            shapes.setdefault(cell.shape, row)
    if len(shapes) > 1:
        lists = _number_lists(name, cells, shapes)
        return _whole(lists, values) if all(map(_is_whole, values)) else lists
    if not shapes:
        return pl.Series(name, values, dtype=pl.Null)
    (shape,) = shapes
    if 0 in shape:
        raise DataError(f"Column {name!r} holds empty lists. Leave the cells empty, or drop it.")
    table = np.stack([np.full(shape, np.nan) if cell is None else cell for cell in cells])
    if shape in {(), (1,)}:
        return pl.Series(name, table.reshape(-1)).fill_nan(None)
    series = _exact(name, table, values)
    return kept_where(series, np.array([cell is not None for cell in cells]))


def _exact(name: str, table: np.ndarray, values: Sequence[Any]) -> pl.Series:
    """Arrays of one shape; as whole numbers if they are and floats would change some."""
    if (np.abs(table) >= EXACT).any() and all(map(_is_whole, values)):
        empty = np.zeros(table.shape[1:], dtype=object)
        cells = [empty if value is None else np.asarray(value, dtype=object) for value in values]
        for dtype in (np.int64, np.uint64):
            with suppress(OverflowError):
                return pl.Series(name, np.stack(cells).astype(dtype))
    return pl.Series(name, table)


def _number_lists(
    name: str, cells: Sequence[np.ndarray | None], shapes: Mapping[tuple[int, ...], int]
) -> pl.Series:
    """Arrays of several numbers of steps, all of one width, as lists."""
    filled = {shape: row for shape, row in shapes.items() if shape != (0,)}
    kinds = {shape[1:]: (shape, row) for shape, row in reversed(filled.items())}
    if len(kinds) > 1 or () in filled or any(len(kind) > 1 for kind in kinds):
        (shape, row), (other, second) = list(shapes.items())[:2]
        if len(kinds) > 1:
            (shape, row), (other, second) = list(reversed(kinds.values()))[:2]
        raise DataError(of_several_shapes(name, (shape, row), (other, second)))
    ((width,),) = [kind or (0,) for kind in kinds]
    dtype = pl.Array(pl.Float64, width) if width else pl.Float64()
    empty = pl.Series(values=[], dtype=dtype)
    lists = [
        None if cell is None else empty if cell.shape == (0,) else pl.Series(values=cell)
        for cell in cells
    ]
    return pl.Series(name, lists, dtype=pl.List(dtype))


def _is_whole(value: Any) -> bool:
    """Whether a list holds whole numbers alone, or nothing."""
    if isinstance(value, list | tuple):
        return all(
            _is_whole(step) if isinstance(step, list | tuple) else type(step) is int
            for step in value
        )
    return value is None or (isinstance(value, np.ndarray) and value.dtype.kind in "iu")


def _whole(lists: pl.Series, values: Sequence[Any]) -> pl.Series:
    """Lists of whole numbers as such; as floats where they do not fit into 64 bits."""
    numbers = lists.explode()
    if isinstance(numbers.dtype, pl.Array):
        return lists
    if not (numbers.abs() >= EXACT).any():
        return lists.cast(pl.List(pl.Int64))
    exact = [
        None if value is None else np.asarray(value, dtype=object).tolist() for value in values
    ]
    for dtype in (pl.Int64, pl.UInt64):
        with suppress(TypeError, OverflowError, pl.exceptions.PolarsError):
            return pl.Series(lists.name, exact, dtype=pl.List(dtype))
    return lists


def _holds_text(values: Sequence[Any]) -> bool:
    """Whether the first cell in any list is text."""
    for value in values:
        for cell in value if isinstance(value, list | tuple) else _texts(value):
            if cell is not None:
                return isinstance(cell, str)
    return False


def _texts(value: Any) -> Iterable[Any]:
    """Cells of an array that may hold text."""
    plain = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "OTU"
    return value if plain else ()


def _text_lists(name: str, values: Sequence[Any]) -> pl.Series:
    lists = [None if value is None else list(value) for value in values]
    try:
        return pl.Series(name, lists, dtype=pl.List(pl.String))
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(_not_of_text(name, lists)) from error


def _not_of_text(name: str, lists: Sequence[list[Any] | None]) -> str:
    """Sentence about lists of text that hold something else."""
    for row, cells in enumerate(lists):
        for cell in cells or ():
            if not (cell is None or isinstance(cell, str)):
                return (
                    f"Column {name!r} holds lists of text, and {describe(cell, 30)} in that of row "
                    f"{row}. Make all that the lists hold text, or all of it numbers."
                )
            if cell is not None and not is_unicode(cell):
                return (
                    f"Column {name!r} holds text with half a character ({describe(cell, 30)} in the "
                    f"list of row {row}), as is left where text is cut or decoded wrongly. Mend it with "
                    ".encode('utf-8', 'replace').decode()."
                )
    return f"Column {name!r} holds lists that cannot be read."


def is_unicode(text: str) -> bool:
    """Whether no character is half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _numbers(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(as_array(value))
        return array.astype(np.float64, casting="unsafe" if array.dtype == object else "same_kind")
    except (TypeError, ValueError) as error:
        sentence = (
            f"Column {name!r} holds lists such as {describe(value, 40)}, which are not tables of "
            "numbers. Make all that the lists hold numbers, or all of it text, with as many in "
            "every step."
        )
        raise DataError(sentence) from error


def kept_where(series: pl.Series, kept: Bool[np.ndarray, " n"]) -> pl.Series:
    """The series with null elsewhere."""
    if kept.all():
        return series
    chosen = pl.when(pl.lit(pl.Series(kept))).then(pl.lit(series))
    return pl.select(chosen.alias(series.name)).to_series()


def of_several_shapes(
    name: str, first: tuple[tuple[int, ...], int], second: tuple[tuple[int, ...], int]
) -> str:
    """Sentence about lists that differ in length, of which two are shown with their rows."""
    (shape, row), (other, other_row) = first, second
    return (
        f"Column {name!r} holds lists of different lengths ({_length(shape)} in row {row}, "
        f"{_length(other)} in row {other_row}). Give all of them one length, such as by padding, "
        "or make what they hold columns of their own."
    )


def _length(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else str(shape)
