"""Layout of a text file: separator, lines before the table, header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polytask._listing import count, first_names
from polytask.data.readers._header import (
    check_names,
    completed_names,
    looks_like_data,
    names_columns,
)
from polytask.data.readers._sniff import rows_of, sniffed_separator, usual_width
from polytask.data.readers._text_file import head_lines
from polytask.data.readers._text_options import BLANKS, TextOptions
from polytask.exceptions import DataError, SourceFileError

__all__ = ["Layout", "find_layout", "usual_separator"]

_COMMENTS = ("#", "%", "//")
_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", BLANKS: "blanks"}
_SHOWN = 40
_LIKE_ZLIB = "x^"
"""First bytes of zlib's data; polars unpacks every file that begins so, whatever its name."""


@dataclass(frozen=True)
class Layout:
    """Layout of a text file.

    Parameters
    ----------
    separator : str
        One character; a blank stands for any number of blanks and tabs.
    skipped : int
        Lines before the header, or before the first row where there is none.
    header : bool
        Whether a line of names follows.
    names : tuple of str
        Names of all columns.
    nameless : tuple of str
        Those of columns to which the header gives none.
    plain : bool
        Whether polars reads the file as it is.
    strict : bool
        Whether a quote that closes a cell must stand at its end, where `plain` is False.
    notes : tuple of str
        Notes on what was inferred.
    """

    separator: str
    skipped: int
    header: bool
    names: tuple[str, ...]
    nameless: tuple[str, ...]
    plain: bool
    notes: tuple[str, ...]
    strict: bool = False


def usual_separator(path: Path) -> str:
    """The separator that the file's name promises."""
    return "\t" if path.name.casefold().endswith((".tsv", ".tsv.gz")) else ","


def find_layout(path: Path, options: TextOptions) -> Layout:
    """The layout of a file, as its user says or as its first rows show.

    Raises
    ------
    SourceFileError
        If the file is no text, or names no columns or too few.
    DataError
        If two columns carry one name.
    """
    lines = head_lines(path)
    stated = _stated_separator(lines)
    first = 1 if stated else 0
    separator = (
        options.separator
        or stated
        or sniffed_separator(
            [line for line in lines[first:] if not _is_remark(line)],
            usual_separator(path),
            header=not options.no_header,
        )
    )
    skipped = _first_line(lines, first, separator, header=not options.no_header)
    rows = rows_of(_without_mark(lines[skipped:], options), separator)
    names = _given_names(path, options, rows) if options.no_header else _header_names(path, rows)
    complete = completed_names(names)
    return Layout(
        separator,
        skipped,
        not options.no_header,
        complete,
        tuple(own for own, name in zip(complete, names, strict=True) if not name),
        skipped == first and _is_plain(lines[skipped:], rows, separator, len(names)),
        (*_notes(path, separator, lines[first:skipped], rows, options), *_short(rows, len(names))),
    )


# ── lines before the table ────────────────────────────────────────────────────
def _stated_separator(lines: Sequence[str]) -> str | None:
    """The separator in a line such as ``sep=;``, which Excel writes."""
    match = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE) if lines else None
    return match[1] if match else None


def _without_mark(lines: Sequence[str], options: TextOptions) -> list[str]:
    """The lines, without the mark of a remark before the names."""
    if options.no_header or not lines or not lines[0].startswith(_COMMENTS):
        return list(lines)
    return [lines[0].lstrip("#%/ "), *lines[1:]]


def _is_remark(line: str) -> bool:
    return not line.strip() or line.startswith(_COMMENTS)


def _first_line(lines: Sequence[str], start: int, separator: str, *, header: bool) -> int:
    """Position of the header, or of the first row where there is none.

    Before it may stand empty lines, remarks, and titles: lines of one cell where rows have three or
    more. The last remark is the header where it names the columns and the first row does not.
    """
    body = [line for line in lines[start:] if not _is_remark(line)]
    rows = rows_of(body, separator)
    width = usual_width(rows)
    for number in range(start, len(lines)):
        if header and _is_header(lines[number], rows, separator, width):
            return number
        if not _is_remark(lines[number]) and not _is_title(lines[number], separator, width, header):
            return number
    return start


def _is_header(line: str, rows: Sequence[Sequence[str]], separator: str, width: int) -> bool:
    """Whether a remark names the columns, which the first row does not."""
    if not line.strip() or not line.startswith(_COMMENTS) or not rows:
        return False
    names = next(iter(rows_of([line.lstrip("#%/ ")], separator)), [])
    if len(names) != width or width < 2 or names_columns(rows[0], rows[1:]):
        return False
    return names_columns(names, rows) or looks_like_data(rows[0], rows[1:])


def _is_title(line: str, separator: str, width: int, header: bool) -> bool:
    """Whether a line has but one cell where rows have three or more."""
    if width < 3 or line.count('"') % 2:  # a cell that goes on in the next line
        return False
    cells = next(iter(rows_of([line], separator)), [])
    return len([cell for cell in cells if cell] if header else cells) < 2


# ── names ─────────────────────────────────────────────────────────────────────
def _header_names(path: Path, rows: Sequence[Sequence[str]]) -> list[str]:
    """Names in the header; empty for columns that it does not name."""
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not any(header):
        sentence = f"{path} is empty: its first line names no columns."
        raise SourceFileError(sentence)
    try:
        check_names(header, rows[1:])
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    width = usual_width(rows)
    if len(header) < width:
        if _all_empty(rows[1:], len(header)):
            header += [""] * (width - len(header))
        elif len(header) == width - 1 and _names_rows(rows[1:], width):
            header = ["", *header]
    return header


def _all_empty(rows: Sequence[Sequence[str]], start: int) -> bool:
    return not any(cell for row in rows for cell in row[start:])


def _names_rows(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the first of the cells is a row's name, as R writes tables without naming it."""
    first = [row[0] for row in rows if any(row)]
    counted = [str(number) for number in range(1, len(first) + 1)]
    unique = len(set(first)) == len(first) > 1 and all(len(row) in {0, width} for row in rows)
    return unique and (first == counted or not any(cell[:1].isdigit() for cell in first))


def _given_names(path: Path, options: TextOptions, rows: Sequence[Sequence[str]]) -> list[str]:
    """Names that the user gives; empty for columns without one."""
    width = usual_width([[], *rows])
    if options.names is None:
        return [f"column_{number}" for number in range(1, width + 1)]
    names = list(options.names)
    if len(names) < width and _all_empty(rows, len(names)):
        return names + [""] * (width - len(names))
    if len(names) != width:
        sentence = f"`names` must name the {count(width, 'column')} of {path}. Got {count(len(names), 'name')} instead."
        raise SourceFileError(sentence)
    return names


# ── the rest ──────────────────────────────────────────────────────────────────
def _is_plain(
    lines: Sequence[str], rows: Sequence[Sequence[str]], separator: str, width: int
) -> bool:
    """Whether polars finds the same cells: one separator, and quotes only where cells start."""
    if separator == BLANKS or not lines or not lines[0].endswith("\n"):
        return False
    if lines[0].startswith(_LIKE_ZLIB):
        return False
    if len(rows[0]) != width or any(len(row) > width for row in rows):
        return False
    mark = re.escape(separator)
    spaced = re.compile(rf'(?:^|{mark}) +"|" +(?:{mark}|$)')
    return lines[0].count('"') % 2 == 0 and not any(spaced.search(line) for line in lines)


def _notes(
    path: Path,
    separator: str,
    before: Sequence[str],
    rows: Sequence[Sequence[str]],
    options: TextOptions,
) -> list[str]:
    notes = []
    if separator != usual_separator(path):
        notes.append(f"cells separated by {_MARKS.get(separator, repr(separator))}")
    remarks = [line.strip() for line in before if line.strip()]
    if remarks:
        more = f" and {len(remarks) - 1} more" if len(remarks) > 1 else ""
        line = f"line{'s' * (len(remarks) > 1)}"
        notes.append(f"{line} before the table left out: {remarks[0][:_SHOWN]!r}{more}")
    if not options.no_header and looks_like_data(rows[0], rows[1:]):
        shown = first_names(rows[0], 4)
        notes.append(
            f"the first line ({shown}) is taken for names, but looks like data: --no-header keeps "
            "it as a row, --names names the columns"
        )
    return notes


def _short(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Note on rows that end early."""
    count = sum(0 < len(row) < width for row in rows[1:])
    if not count:
        return []
    lines = "one line has" if count == 1 else f"{count} of the first lines have"
    return [f"{lines} fewer cells than the header has names; the last columns are missing there"]
