"""Content of a section of a page, such as that of relations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polytask.report._figure import Figure

__all__ = ["Section", "SectionTable"]


@dataclass(frozen=True)
class SectionTable:
    """A table of a section, already as text.

    Attributes
    ----------
    title : str
    head : sequence of str
        Names of the columns; the first column names the rows.
    rows : sequence of sequences of str
    more : str
        What is left out, as a sentence; empty if nothing is.
    numbers_from : int
        First column of numbers, from 0.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: str = ""
    numbers_from: int = 1


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes
    ----------
    key : str
        Identifier in the page.
    title : str
    words : str
        One paragraph in plain words.
    figures : sequence of Figure
    tables : sequence of SectionTable
    notes : sequence of str
    """

    key: str
    title: str
    words: str
    figures: Sequence[Figure] = ()
    tables: Sequence[SectionTable] = ()
    notes: Sequence[str] = ()
