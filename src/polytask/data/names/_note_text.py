"""Texts of notes to the user about columns."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from polytask._listing import first_and_more, names_by_key

__all__ = ["as_missing", "gathered", "named", "quoted"]

_PLAIN = re.compile(r"[\w.:%+,@=-]+")
_NAME = re.compile(r"(?P<quote>'?)(?<![\w#=])NAME(?![\w?])")  # and not a spreadsheet's #NAME?


def gathered(notes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """One note for all columns with the same text, given as pairs (column, text)."""
    return tuple(
        f"{first_and_more(names)}: {named(text, names[0])}"
        for text, names in names_by_key(notes).items()
    )


def quoted(name: str) -> str:
    """A name as it is written on a command line, quoted if necessary."""
    return name if _PLAIN.fullmatch(name) else shlex.quote(name)


def named(text: str, name: str) -> str:
    """The text with the name in place of NAME, so that its advice can be copied.

    Examples
    --------
    >>> from polytask.data.names._note_text import named
    >>> named("#NAME? is a category; --missing 'NAME=#NAME?' or --drop NAME", "my col")
    "#NAME? is a category; --missing 'my col=#NAME?' or --drop 'my col'"
    """
    within = _escaped(name)
    return _NAME.sub(lambda match: f"'{within}" if match["quote"] else quoted(name), text)


def as_missing(cells: Iterable[str]) -> str:
    """Options that declare cells of NAME to mean missing."""
    return " ".join(f"--missing 'NAME={_escaped(cell)}'" for cell in cells)


def _escaped(text: str) -> str:
    """Text escaped for single quotes."""
    return text.replace("'", "'\"'\"'")
