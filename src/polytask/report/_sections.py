"""Sections of the page of relations, one per kind of further record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.report._attributions_section import attributions_section
from polytask.report._learned_section import learned_section
from polytask.report._section import Section
from polytask.report._sharing_section import sharing_section
from polytask.report._sources_section import sources_section

__all__ = ["SECTIONS", "SectionKind", "has_section", "section_of"]


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


SECTIONS: tuple[SectionKind, ...] = (
    SectionKind(frozenset({"importance", "shares", "overlap"}), attributions_section),
    SectionKind(frozenset({"effects", "sources", "extremes"}), sources_section),
    SectionKind(frozenset({"similarities", "experts", "parts"}), learned_section),
    SectionKind(frozenset({"ratio", "affinity", "changes"}), sharing_section),
)
"""All kinds of further records."""


def has_section(record: object) -> bool:
    """Whether there is a section for a record, or for the mapping of its `to_dict()`."""
    return _kind_of(record.to_dict() if hasattr(record, "to_dict") else record) is not None


def _kind_of(plain: Any) -> SectionKind | None:
    if not isinstance(plain, Mapping):
        return None
    return next((kind for kind in SECTIONS if kind.keys <= set(plain)), None)


def section_of(record: object) -> Section:
    """The section of a record, or of the mapping of its `to_dict()`.

    Raises
    ------
    ParameterError
        If there is no section for it.
    """
    plain: Any = record.to_dict() if hasattr(record, "to_dict") else record
    kind = _kind_of(plain)
    if kind is not None:
        words = {"words": record.words} if hasattr(record, "words") else {}
        return kind.build({"words": "", **plain, **words})
    expected = "records of further analyses, or the mappings of their `to_dict()`"
    raise ParameterError(message("write_relations", "also", expected, record))
