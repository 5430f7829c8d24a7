"""The cells of a CSV, TSV or other text file, all as text."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path

import polars as pl

from polytask.data._layout import Layout, find_layout, usual_separator
from polytask.data._number_text import DECIMAL_COMMAS, MAYBE_THOUSANDS
from polytask.data._text_file import opened_text
from polytask.data._text_options import BLANKS, TextOptions
from polytask.exceptions import SourceFileError

__all__ = ["check_numbers", "find_separator", "literal", "raw_cells"]

_MOST_NAMES = 5
_END = "\ue000"  # a line behind the last, which an open quote would take in


def find_separator(path: str | Path) -> str | None:
    """What separates the cells of a text file, if it is not what the file's name promises.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str or None
        Such as a semicolon in a ``.csv`` file; a blank stands for any number of them.

    Raises
    ------
    SourceFileError
        If the first lines are no UTF-8 text.
    """
    path = Path(path)
    found = find_layout(path, TextOptions()).separator
    return None if found == usual_separator(path) else found


def literal(path: Path) -> str:
    """The path with nothing in it that polars takes for a pattern."""
    return glob.escape(str(path))


def raw_cells(path: Path, layout: Layout) -> pl.LazyFrame:
    """All cells as text, null where they are empty; lines without any are no rows.

    What polars reads as it is may have rows of nulls for such lines.
    """
    names = list(layout.names)
    if layout.plain:
        scanned = pl.scan_csv(
            literal(path),
            separator=layout.separator,
            has_header=layout.header,
            skip_rows=layout.skipped,
            infer_schema=False,
        )
        found = scanned.collect_schema().names()
        if len(found) == len(names):
            return scanned.rename(dict(zip(found, names, strict=True)))
    text = io.StringIO()
    csv.writer(text).writerows(_rows(path, layout))
    if not text.tell():
        return pl.LazyFrame(schema=dict.fromkeys(names, pl.String))
    return pl.read_csv(
        text.getvalue().encode(),
        has_header=False,
        infer_schema=False,
        new_columns=names,
    ).lazy()


def _rows(path: Path, layout: Layout) -> Iterator[list[str]]:
    """All rows with as many cells as there are names; lines without any are passed over."""
    width = len(layout.names)
    with opened_text(path) as handle:
        for number, cells in _numbered_rows(path, handle, layout):
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                raise SourceFileError(_too_long(path, number, len(cells), width))
            if cells:
                yield (cells + [""] * (width - len(cells)))[:width]


def _numbered_rows(
    path: Path, handle: Iterable[str], layout: Layout
) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of the rows."""
    lines = iter(handle)
    for _ in range(layout.skipped):
        next(lines, None)
    if layout.separator == BLANKS:
        lines = (line.replace("\t", " ").strip() for line in lines)
    rows = csv.reader(
        chain(lines, [_END]),
        delimiter=layout.separator,
        skipinitialspace=True,
        strict=layout.strict,
    )
    if layout.header:
        next(rows, None)
    first = layout.skipped + rows.line_num + 1
    try:
        for cells in rows:
            if cells == [_END]:
                return
            if cells and cells[-1].endswith(_END):
                break
            yield layout.skipped + rows.line_num, cells
            first = layout.skipped + rows.line_num + 1
    except csv.Error as error:
        if "limit" in str(error):  # of the length of a cell
            raise
        raise SourceFileError(_quotes(path, first)) from error
    raise SourceFileError(_quotes(path, first))


def check_numbers(
    path: Path, table: pl.DataFrame, layout: Layout, decimal: str, text: Collection[str]
) -> None:
    """Raise if columns of text hold nothing but numbers, some with what may be a decimal comma."""
    if layout.separator == "," or decimal == ",":
        return
    cells = {column.name: column.drop_nulls() for column in table if column.dtype == pl.String}
    commas = {
        name: found
        for name, found in cells.items()
        if name not in text
        and found.str.contains(DECIMAL_COMMAS).all()
        and found.str.contains(",", literal=True).any()
    }
    thousands = all(map(_may_be_thousands, commas.values()))
    if not commas or (thousands and any(dtype.is_float() for dtype in table.dtypes)):
        return  # beside decimal points, commas stand between thousands, and a note says so
    shown = ", ".join(map(repr, list(commas)[:_MOST_NAMES])) + ", …" * (len(commas) > _MOST_NAMES)
    if thousands:
        name, found = next(iter(commas.items()))
        number = found.filter(found.str.contains(",", literal=True))[0]
        raise SourceFileError(
            f"{path}: commas in {shown} may be decimal or stand between thousands, as in "
            f"{number!r}. Add --decimal , (decimal=',' in Python) if they are decimal, else "
            f"--column '{name}:numeric' (columns= in Python)."
        )
    sentence = (
        f"{path}: there are decimal commas in {shown}, so that numbers would be taken for text. "
        "Add --decimal , (decimal=',' in Python), or save the file with decimal points."
    )
    raise SourceFileError(sentence)


def _may_be_thousands(cells: pl.Series) -> bool:
    return bool(cells.str.contains(MAYBE_THOUSANDS).all())


def _quotes(path: Path, number: int) -> str:
    return (
        f"{path}: line {number} has a cell that begins with a quote and does not end with one. Mend "
        "the line; a quote within a cell in quotes is written twice."
    )


def _too_long(path: Path, number: int, cells: int, width: int) -> str:
    return (
        f"{path}: line {number} has {cells} cells, but the header names {width} columns. "
        "Mend the line; a cell that holds a separator needs quotes."
    )
