"""What `--target` names → tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal

from polytask.tasks import Task

__all__ = ["column_names", "parse_task"]


def parse_task(
    text: str, columns: Collection[str], role: Literal["primary", "auxiliary"] = "primary"
) -> Task:
    """The task that ``NAME``, ``NAME:KIND`` or ``NAME=COLUMN,COLUMN[:KIND]`` means.

    Parameters
    ----------
    text : str
    columns : collection of str
        Of the table; one whose name holds colons, commas or equals signs wins over any other
        reading.
    role : {"primary", "auxiliary"}

    Examples
    --------
    >>> from polytask.cli._tasks import parse_task
    >>> parse_task("income:binary", ["income"]).kind
    Binary(positive=None)
    >>> parse_task("genre=rock,pop:multilabel", ["rock", "pop"]).columns
    ('rock', 'pop')
    """
    name, kind = _parted(text, lambda head: head in columns)
    if name in columns or "=" not in text:
        return Task(name, kind, role=role)
    name, _, rest = text.partition("=")
    listed, kind = _parted(rest, lambda head: set(column_names([head], columns)) <= {*columns})
    return Task(name, kind, column_names([listed], columns), role=role)


def _parted(text: str, known: Callable[[str], bool]) -> tuple[str, str | None]:
    """What stands before and after a colon: the last one that leaves something known before it."""
    colons = [place for place, character in enumerate(text) if character == ":"]
    for place in [len(text), *reversed(colons)]:
        if known(text[:place]):
            return text[:place], text[place + 1 :] or None
    head, _, kind = text.partition(":")
    return head, kind or None


def column_names(values: Sequence[str], columns: Collection[str]) -> list[str]:
    """Columns that were listed with commas or one by one; a column's whole name wins."""
    found: list[str] = []
    for value in values:
        found += [value] if value in columns else [name.strip() for name in value.split(",")]
    return [name for name in dict.fromkeys(found) if name]
