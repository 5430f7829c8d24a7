"""What `--target` names → tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
        Of the table; a column whose whole name is `text`, or what stands before the last colon,
        wins over any other reading.
    role : {"primary", "auxiliary"}

    Examples
    --------
    >>> from polytask.cli._tasks import parse_task
    >>> parse_task("income:binary", ["income"])
    Task(name='income', kind=Binary(positive=None), target=('income',), weight=1.0, \
role='primary', metrics=None, loss=None)
    >>> parse_task("genre=rock,pop:multilabel", ["rock", "pop"]).columns
    ('rock', 'pop')
    """
    if text in columns:
        return Task(text, role=role)
    head, colon, kind = text.rpartition(":")
    if not colon:
        head, kind = text, ""
    if head in columns:
        return Task(head, kind or None, role=role)
    name, equals, listed = head.partition("=")
    if not equals:
        return Task(head, kind or None, role=role)
    whole = text.partition("=")[2]
    if set(column_names([whole], columns)) <= set(columns):  # a colon within a column's name
        listed, kind = whole, ""
    return Task(name, kind or None, tuple(column_names([listed], columns)), role=role)


def column_names(values: Sequence[str], columns: Collection[str]) -> list[str]:
    """Columns that were listed with commas or one by one; a column's whole name wins."""
    found: list[str] = []
    for value in values:
        found += [value] if value in columns else [name.strip() for name in value.split(",")]
    return [name for name in dict.fromkeys(found) if name]
