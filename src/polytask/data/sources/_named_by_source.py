"""Notes about single sources among several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polytask._listing import first_and_more

__all__ = ["named_by_source"]


def named_by_source(notes: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Prefix notes with the names of their sources; the notes of a single source stay unchanged.

    Parameters
    ----------
    notes : mapping of source name to iterable of str

    Examples
    --------
    >>> from polytask.data.sources import named_by_source
    >>> named_by_source(
    ...     {"red": ["input id: all differ"], "white": ["input id: all differ", "no weights"]}
    ... )
    ('red, white: input id: all differ', 'white: no weights')
    """
    about: dict[str, list[str]] = {}
    for source, texts in notes.items():
        for note in texts:
            about.setdefault(note, []).append(source)
    if len(notes) == 1:
        return tuple(about)
    return tuple(f"{first_and_more(sources)}: {note}" for note, sources in about.items())
