"""The cells of a CSV, TSV or other text file, all as text."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from polytask._listing import count, first_names
from polytask.data.cells import DECIMAL_COMMAS, MAYBE_THOUSANDS, likely_markers
from polytask.data.readers._layout import Layout, find_layout, usual_separator
from polytask.data.readers._text_file import opened_text
from polytask.data.readers._text_options import BLANKS, TextOptions
from polytask.exceptions import SourceFileError

__all__ = ["check_numbers", "find_separator", "literal", "raw_cells"]

_MOST_NAMES = 5


def find_separator(path: str | Path) -> str | None:
    """The separator of a text file, if it is not what the file's name promises.

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
    separator = find_layout(path, TextOptions()).separator
    return None if separator == usual_separator(path) else separator


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
        columns = scanned.collect_schema().names()
        if len(columns) == len(names):
            return scanned.rename(dict(zip(columns, names, strict=True)))
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(f"column {index}" for index in range(len(names)))
    written.writerows(_rows(path, layout))
    cells = text.getvalue().encode()
    return pl.read_csv(cells, infer_schema=False, new_columns=names).lazy()


def _rows(path: Path, layout: Layout) -> Iterator[list[str]]:
    """All rows with as many cells as there are names; lines without any are passed over."""
    width = len(layout.names)
    with opened_text(path) as handle:
        for number, cells in _numbered_rows(path, handle, layout):
            if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                raise SourceFileError(_too_long(path, number, len(cells), width))
            if cells or width == 1:  # where an empty line is an empty cell
                yield (cells + [""] * (width - len(cells)))[:width]


def _numbered_rows(
    path: Path, handle: Iterable[str], layout: Layout
) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of the rows."""
    lines = _Lines(islice(handle, layout.skipped, None), blanks=layout.separator == BLANKS)
    rows = csv.reader(
        lines, delimiter=layout.separator, skipinitialspace=True, strict=layout.strict
    )
    first = layout.skipped + 1
    try:
        for index, cells in enumerate(rows):
            if lines.ended:
                break
            if index or not layout.header:
                yield layout.skipped + rows.line_num, cells
            first = layout.skipped + rows.line_num + 1
    except csv.Error as error:
        raise SourceFileError(_quotes(path, first)) from error
    if cells:
        raise SourceFileError(_quotes(path, first))


class _Lines:
    """The lines of a file and an empty one behind them, which an open quote takes in."""

    def __init__(self, lines: Iterator[str], *, blanks: bool) -> None:
        self.lines, self.blanks, self.ended = lines, blanks, False

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            yield line.replace("\t", " ").strip() if self.blanks else line
        self.ended = True
        yield ""


def check_numbers(
    path: Path, table: pl.DataFrame, layout: Layout, decimal: str, text: Collection[str]
) -> None:
    """Raise if columns of text hold nothing but numbers, some with what may be a decimal comma."""
    if decimal == ",":
        return
    columns = [column for column in table if column.dtype == pl.String and column.name not in text]
    commas = {
        column.name: cells for column in columns if (cells := _with_commas(column)) is not None
    }
    thousands = all(map(_may_be_thousands, commas.values()))
    pointed = layout.separator == "," or any(dtype.is_float() for dtype in table.dtypes)
    if not commas or (thousands and pointed):
        return  # beside decimal points, commas stand between thousands, and a note says so
    shown = first_names(map(repr, commas), _MOST_NAMES)
    if thousands:
        name, cells = next(iter(commas.items()))
        number = cells.filter(cells.str.contains(",", literal=True))[0]
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


def _with_commas(cells: pl.Series) -> pl.Series | None:
    """The numbers of a column, some with a comma, but for cells that mean missing; else None."""
    alike = cells.str.contains(DECIMAL_COMMAS)
    numbers, others = cells.filter(alike), cells.filter(~alike)
    if len(others) >= len(numbers) or not numbers.str.contains(",", literal=True).any():
        return None
    strange = dict(others.value_counts().iter_rows())
    missing = not strange or likely_markers(strange, numbers.n_unique()) is not None
    return numbers if missing else None


def _may_be_thousands(cells: pl.Series) -> bool:
    return bool(cells.str.contains(MAYBE_THOUSANDS).all())


def _quotes(path: Path, number: int) -> str:
    return (
        f"{path}: line {number} has a cell that begins with a quote and does not end with one, or "
        f"that is longer than {csv.field_size_limit():,} letters. Mend the line; a quote within a "
        "cell in quotes is written twice."
    )


def _too_long(path: Path, number: int, cells: int, width: int) -> str:
    return (
        f"{path}: line {number} has {count(cells, 'cell')}, but the header names {count(width, 'column')}. "
        "Mend the line; a cell that holds a separator needs quotes."
    )
