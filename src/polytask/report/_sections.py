"""Sections of the page of relations, one per kind of further record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.report._figure import Figure

__all__ = ["SECTIONS", "Section", "SectionKind", "SectionTable", "section_of"]


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
    """A section of the page.

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


@dataclass(frozen=True)
class SectionKind:
    """How records of one kind are recognised and shown.

    Attributes
    ----------
    keys : frozenset of str
        Keys of `to_dict()` that only such records have together.
    build : callable
        Receives the mapping, with `words`, and returns the `Section`; settings of figures are set.
    """

    keys: frozenset[str]
    build: Callable[[Mapping[str, Any]], Section]


SECTIONS: tuple[SectionKind, ...] = ()
"""All kinds of further records."""


def section_of(record: object) -> Section:
    """The section of a record, or of the mapping of its `to_dict()`.

    Raises
    ------
    ParameterError
        If there is no section for it.
    """
    plain: Any = record.to_dict() if hasattr(record, "to_dict") else record
    if isinstance(plain, Mapping):
        words = {"words": record.words} if hasattr(record, "words") else {}
        for kind in SECTIONS:
            if kind.keys <= set(plain):
                return kind.build({"words": "", **plain, **words})
    expected = "records of further analyses, or the mappings of their `to_dict()`"
    raise ParameterError(message("write_relations", "also", expected, record))
