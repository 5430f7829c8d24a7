"""Notes on single sources of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polytask._listing import first_and_more

__all__ = ["by_source"]


def by_source(notes: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Notes that name the sources they are about, each once; of a lone source as they are.

    Parameters
    ----------
    notes : mapping of source name to iterable of str

    Examples
    --------
    >>> from polytask.data.sources import by_source
    >>> by_source(
    ...     {"red": ["input id: all differ"], "white": ["input id: all differ", "no weights"]}
    ... )
    ('red, white: input id: all differ', 'white: no weights')
    """
    about: dict[str, list[str]] = {}
    for source, said in notes.items():
        for note in said:
            about.setdefault(note, []).append(source)
    if len(notes) == 1:
        return tuple(about)
    return tuple(f"{first_and_more(sources)}: {note}" for note, sources in about.items())
