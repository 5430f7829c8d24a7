"""Parsing of target texts such as ``"assay*:binary"``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from polytask._naming import suggestion
from polytask.data.names import SourceColumns, matching, require_columns
from polytask.exceptions import DataError
from polytask.tasks import takes_text

__all__ = ["TargetPart", "TargetText", "matched_by", "read_target"]

_MARKS = frozenset("*?[")
_WORD = re.compile(r":(\w+)(?=:)")


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
    takes precedence over a pattern, and a pattern over commas and equals signs. After the first
    ``:KIND:`` of a kind that takes a text, everything is its text, commas included. Unknown names
    are not checked here.

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
    heads = list(_heads(text))
    for head, kind in heads:
        if head in columns:
            return TargetText((TargetPart(head, kind),))
    text, kind_text = _without_kind_text(text)
    if kind_text is not None:
        heads = [(text, kind_text)]
    for read in (_exact, _pattern, _listed):
        for head, kind in heads:
            parts = read(head, columns)
            if parts:
                return TargetText(tuple(part._replace(kind=part.kind or kind) for part in parts))
    task, equals, rest = text.partition("=")
    if equals and task:
        return _one_task(task, rest, columns, kind_text)
    _check_known([_name(piece, columns) for piece in text.split(",")], columns)
    name, _, last = text.partition(":")
    return TargetText((TargetPart(name, kind_text or last or None),))


def _without_kind_text(text: str) -> tuple[str, str | None]:
    """What stands before the first ``:KIND:`` of a kind that takes a text, and all from KIND on."""
    for mark in _WORD.finditer(text):
        if takes_text(mark.group(1)):
            return text[: mark.start()], text[mark.start(1) :]
    return text, None


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


def _name(piece: str, columns: Sequence[str]) -> str:
    """What a piece of a list names, without its kind."""
    names = (head.strip() for head, _ in _heads(piece))
    return next((name for name in names if name in columns), piece.partition(":")[0].strip())


def _exact(head: str, columns: Sequence[str]) -> list[TargetPart]:
    return [TargetPart(head)] if head in columns else []


def _pattern(head: str, columns: Sequence[str]) -> list[TargetPart]:
    fits = _is_pattern(head) and matched_by(head, columns)
    return [TargetPart(head, is_pattern=True)] if fits else []


def _is_pattern(text: str) -> bool:
    return not _MARKS.isdisjoint(text)


def _listed(head: str, columns: Sequence[str], *, own_kinds: bool = True) -> list[TargetPart]:
    """Parts of a list of names and patterns with commas; empty unless all are known.

    Parts but the last may have kinds of their own; one after the last part is for all others.
    """
    pieces, parts = head.split(","), []
    longest = 1 + max((name.count(",") for name in columns), default=0)
    while pieces:
        part, used = _first(pieces[:longest], columns, own_kinds=own_kinds)
        if part is None:
            return []
        parts.append(part)
        pieces = pieces[used:]
    if parts and parts[-1].kind is not None:  # for all parts, or module:Class that is cut in two
        return []
    return parts


def _first(
    pieces: Sequence[str], columns: Sequence[str], *, own_kinds: bool
) -> tuple[TargetPart | None, int]:
    """The longest part that the first pieces form, since a name may hold commas."""
    for used in range(len(pieces), 0, -1):
        text = ",".join(pieces[:used])
        for head, kind in _heads(text) if own_kinds else [(text, None)]:
            for candidate in (head, head.strip()):
                if candidate in columns:
                    return TargetPart(candidate, kind), used
    text = pieces[0].strip()
    for head, kind in _heads(text) if own_kinds else [(text, None)]:
        for part in _pattern(head, columns):
            return part._replace(kind=kind), 1
    return None, 0


def _one_task(
    task: str, rest: str, columns: Sequence[str], kind_text: str | None = None
) -> TargetText:
    for head, kind in [(rest, kind_text)] if kind_text else _heads(rest):
        parts = _listed(head, columns, own_kinds=False)
        if parts:
            return TargetText(tuple(parts), task, kind)
    if any(_listed(head, columns) for head, _ in _heads(rest)):
        sentence = (
            f"Target {task}={rest}: a task has one kind. Write it once, after its last column: "
            f"{task}=COLUMN,COLUMN:KIND."
        )
        raise DataError(sentence)
    columns_text, _, kind = rest.partition(":")
    names = [name.strip() for name in columns_text.split(",")]
    if not all(names):
        sentence = (
            f"Target {task}={rest}: a column has no name. Write one beside every comma: "
            f"{task}=COLUMN,COLUMN:KIND."
        )
        raise DataError(sentence)
    return TargetText(tuple(TargetPart(name) for name in names), task, kind_text or kind or None)


def _check_known(pieces: Sequence[str], columns: Sequence[str]) -> None:
    """Raise for a pattern without a match, or for a list with unknown names."""
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
