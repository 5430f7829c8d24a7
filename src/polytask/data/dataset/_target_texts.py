"""Parsing of target texts such as ``"assay*:binary"``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from polytask._naming import suggestion
from polytask.data.names import SourceColumns, matching, require_columns
from polytask.exceptions import DataError

__all__ = ["TargetPart", "TargetText", "matched_by", "read_target"]

_MARKS = frozenset("*?[")


class TargetPart(NamedTuple):
    """A column's name or a pattern of names, with its kind if given."""

    name: str
    kind: str | None = None
    is_pattern: bool = False


class TargetText(NamedTuple):
    """Parts that are one task each, or one task together if `task` names it."""

    parts: tuple[TargetPart, ...]
    task: str | None = None
    kind: str | None = None


def read_target(text: str, columns: Sequence[str]) -> TargetText:
    """Read ``NAME``, a pattern, or several with commas, each with a kind or all with one.

    ``TASK=COLUMN,COLUMN[:KIND]`` is one task of several columns. A column of exactly that name
    takes precedence over a pattern, and a pattern over commas and equals signs. Unknown names are
    not checked here.

    Parameters
    ----------
    text : str
    columns : sequence of str
        Columns of the table, or of several sources.

    Raises
    ------
    DataError
        If a pattern matches nothing, or some of several names are no columns.

    Examples
    --------
    >>> from polytask.data.dataset._target_texts import read_target
    >>> read_target("a,b:binary", ["a", "b"]).parts[0]
    TargetPart(name='a', kind='binary', is_pattern=False)
    """
    for read in (_exact, _pattern, _listed):
        for head, kind in _heads(text):
            parts = read(head, columns, whole=head == text)
            if parts:
                return TargetText(tuple(part._replace(kind=part.kind or kind) for part in parts))
    task, equals, rest = text.partition("=")
    if equals and task:
        return _one_task(task, rest, columns)
    name, _, last = text.partition(":")
    _check_known(name, columns)
    return TargetText((TargetPart(name, last or None),))


def matched_by(pattern: str, columns: Sequence[str]) -> list[str]:
    """Columns that a pattern matches; if there are none, brackets are matched literally."""
    return matching(pattern, columns) or matching(pattern.replace("[", "[[]"), columns)


def _heads(text: str) -> Iterator[tuple[str, str | None]]:
    """The whole text, then the texts before and after each colon, beginning with the last one."""
    yield text, None
    for position in range(len(text) - 1, -1, -1):
        if text[position] == ",":  # which is no part of a kind
            return
        if text[position] == ":":
            yield text[:position], text[position + 1 :] or None


def _exact(head: str, columns: Sequence[str], *, whole: bool = False) -> list[TargetPart]:
    del whole
    return [TargetPart(head)] if head in columns else []


def _pattern(head: str, columns: Sequence[str], *, whole: bool = False) -> list[TargetPart]:
    del whole
    fits = _is_pattern(head) and matched_by(head, columns)
    return [TargetPart(head, is_pattern=True)] if fits else []


def _is_pattern(text: str) -> bool:
    return not _MARKS.isdisjoint(text)


def _listed(head: str, columns: Sequence[str], *, whole: bool = False) -> list[TargetPart]:
    """Parts of a list of names and patterns with commas; empty unless all are known.

    A kind after the last colon is for all parts; other parts may have kinds of their own.
    """
    pieces, parts = head.split(","), []
    while pieces:
        part, used = _first(pieces, columns, own_kinds=not whole)
        if part is None:
            return []
        parts.append(part)
        pieces = pieces[used:]
    if not whole and parts and parts[-1].kind is not None:  # it is module:Class, cut in two
        return []
    return parts


def _first(
    pieces: Sequence[str], columns: Sequence[str], *, own_kinds: bool
) -> tuple[TargetPart | None, int]:
    """The longest part that the first pieces form, since a name may hold commas."""
    for used in range(len(pieces), 0, -1):
        text = ",".join(pieces[:used])
        for candidate in (text, text.strip()):
            if candidate in columns:
                return TargetPart(candidate), used
    text = pieces[0].strip()
    for head, kind in _heads(text):
        if kind is not None and not own_kinds:
            break
        for part in (*_exact(head, columns), *_pattern(head, columns)):
            return part._replace(kind=kind), 1
    return None, 0


def _one_task(task: str, rest: str, columns: Sequence[str]) -> TargetText:
    for head, kind in _heads(rest):
        parts = _listed(head, columns, whole=True)
        if parts:
            return TargetText(tuple(parts), task, kind)
    columns_text, _, kind = rest.partition(":")
    names = [name.strip() for name in columns_text.split(",") if name.strip()]
    return TargetText(tuple(TargetPart(name) for name in names), task, kind or None)


def _check_known(text: str, columns: Sequence[str]) -> None:
    """Raise for a pattern without a match, or for a list with unknown names."""
    pieces = [piece.strip() for piece in text.split(",")]
    for piece in pieces:
        if _is_pattern(piece) and not matched_by(piece, columns):
            nearest = suggestion(
                "".join(letter for letter in piece if letter not in "*?[]"), columns
            )
            where = "any source" if isinstance(columns, SourceColumns) else "the table"
            raise DataError(f"No column of {where} matches {piece!r}. {nearest}")
    if len(pieces) > 1:
        names = [piece for piece in pieces if not _is_pattern(piece)]
        require_columns(columns, names, "The target")
