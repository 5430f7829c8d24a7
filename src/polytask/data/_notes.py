"""Notes to the user about columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["gathered", "listed"]

_SHOWN = 5


def gathered(notes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """One line for all columns of which the same is to be said, given as (column, words)."""
    alike: dict[str, list[str]] = {}
    for name, words in notes:
        alike.setdefault(words, []).append(name)
    return tuple(
        f"{listed(names)}: {words.replace('NAME', names[0])}" for words, names in alike.items()
    )


def listed(names: Sequence[str]) -> str:
    """Names with commas, cut short."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
