"""Notes to the user about columns."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from polytask._listing import first_and_more

__all__ = ["as_missing", "gathered", "named", "quoted"]

_PLAIN = re.compile(r"[\w.:%+,@=-]+")
_NAME = re.compile(r"(?P<quote>'?)(?<![\w#])NAME(?![\w?])")  # and not a spreadsheet's #NAME?


def gathered(notes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """One line for all columns of which the same is to be said, given as (column, words)."""
    alike: dict[str, list[str]] = {}
    for name, words in notes:
        alike.setdefault(words, []).append(name)
    return tuple(
        f"{first_and_more(names)}: {named(words, names[0])}" for words, names in alike.items()
    )


def quoted(name: str) -> str:
    """A name as it is written on a command line, in quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else shlex.quote(name)


def named(words: str, name: str) -> str:
    """Words with the name in place of NAME, so that what they advise can be copied.

    Examples
    --------
    >>> from polytask.data.cells._note_text import named
    >>> named("#NAME? is a category; --missing 'NAME=#NAME?' or --drop NAME", "my col")
    "#NAME? is a category; --missing 'my col=#NAME?' or --drop 'my col'"
    """
    within = _escaped(name)
    return _NAME.sub(lambda found: f"'{within}" if found["quote"] else quoted(name), words)


def as_missing(cells: Iterable[str]) -> str:
    """Options that say of cells of NAME that they mean missing."""
    return " ".join(f"--missing 'NAME={_escaped(cell)}'" for cell in cells)


def _escaped(text: str) -> str:
    """Text as it is written within single quotes."""
    return text.replace("'", "'\"'\"'")
