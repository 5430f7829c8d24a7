"""Separators of text files, found by consistency over rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from polytask.data.cells import is_marker_word
from polytask.data.readers._text_options import BLANKS

__all__ = ["NUMBER", "rows_of", "sniffed_separator", "usual_width"]

_CANDIDATES = (",", ";", "\t", "|", BLANKS)
_MOST_ROWS = 300
_CONSISTENT = 0.9
NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


def rows_of(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Cells of the rows, quotes respected and blanks around cells cut; at most some hundred."""
    if separator == BLANKS:
        lines = (" ".join(line.split()) for line in lines)
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(lines, delimiter=separator, skipinitialspace=True):
            rows.append([cell.strip() for cell in cells])
            if len(rows) == _MOST_ROWS:
                break
    except csv.Error:  # such as an endless cell where a quote is not closed
        pass
    return rows


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Number of cells that most rows have, the first left aside where there are others."""
    widths = Counter(len(row) for row in rows[1:] or rows if any(row))
    return max(widths, key=lambda width: (widths[width], width), default=0)


def sniffed_separator(lines: Sequence[str], default: str, *, header: bool) -> str:
    """The separator under which the rows have equally many cells that look like single values.

    Parameters
    ----------
    lines : sequence of str
        The first lines of the file.
    default : str
        What the file's name promises; kept unless another one is better.
    header : bool
        Whether the first line names the columns; it alone shows nothing.
    """
    scores = {mark: _score(rows_of(lines, mark), mark) for mark in _CANDIDATES}
    best = max(_CANDIDATES, key=lambda mark: (scores[mark], mark == default))
    return best if len(lines) > header and any(scores[best]) else default


def _score(rows: Sequence[Sequence[str]], mark: str) -> tuple[float, float, float]:
    """Whether the first row has the usual width, how tidy cells are, and how many rows have it.

    All are 0 if the mark separates nothing.
    """
    body = [row for row in rows[1:] or rows if any(row)]
    width = usual_width(rows)
    alike = [row for row in body if len(row) == width]
    if width < 2 or len(alike) < min(_CONSISTENT * len(body), max(2, len(body) - 1)):
        return 0.0, 0.0, 0.0
    cells = [cell for row in alike for cell in row]
    if mark == BLANKS and 2 * sum(map(_is_value, cells)) < len(cells):
        return 0.0, 0.0, 0.0  # words of a text rather than cells
    tidy = sum(map(_is_single, cells)) / len(cells)
    return float(len(rows[0]) == width), round(tidy, 1), len(alike) / len(body)


def _is_value(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell)) or is_marker_word(cell)


def _is_single(cell: str) -> bool:
    """Whether a cell looks like one value rather than several."""
    if _is_value(cell):
        return True
    parts = cell.split()
    several = len(parts) > 1 and 2 * sum(map(_is_value, parts)) > len(parts)
    return not several and not any(mark in cell for mark in ',;\t|"')
