"""Paragraphs as wide as the terminal, also where a pager shows them."""

from __future__ import annotations

import os
import textwrap
from contextlib import suppress

__all__ = ["wrapped"]

_LEAST, _MOST, _ELSEWHERE = 40, 120, 100


def wrapped(start: str, text: str, indent: int | None = None) -> str:
    """Wrap a text after its label to the width of the terminal.

    Parameters
    ----------
    start : str
        The label, before the text's first line.
    text : str
    indent : int, optional
        Of further lines; by default the label's width.
    """
    indent = len(start) if indent is None else indent
    return textwrap.fill(
        text,
        max(_width(), indent + _LEAST),
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width() -> int:
    """Columns of the terminal, found by any stream, since a pager takes standard output."""
    with suppress(KeyError, ValueError):
        return min(int(os.environ["COLUMNS"]), _MOST)
    for stream in (1, 2, 0):
        with suppress(OSError):
            return min(os.get_terminal_size(stream).columns, _MOST)
    return _ELSEWHERE
