"""Notes to the user about columns."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

__all__ = ["gathered", "listed", "named", "quoted"]

_SHOWN = 5
_PLAIN = re.compile(r"[\w.:%+,@=-]+")
_IN_QUOTES = re.compile("'NAME")


def gathered(notes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """One line for all columns of which the same is to be said, given as (column, words)."""
    alike: dict[str, list[str]] = {}
    for name, words in notes:
        alike.setdefault(words, []).append(name)
    return tuple(f"{listed(names)}: {named(words, names[0])}" for words, names in alike.items())


def quoted(name: str) -> str:
    """A name as it is written on a command line, in quotes where it needs them."""
    return name if _PLAIN.fullmatch(name) else shlex.quote(name)


def named(words: str, name: str) -> str:
    """Words with the name in place of NAME, so that what they advise can be copied."""
    within = name.replace("'", "'\"'\"'")
    return _IN_QUOTES.sub(lambda _: f"'{within}", words).replace("NAME", quoted(name))


def listed(names: Sequence[str]) -> str:
    """Names with commas, cut short."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
