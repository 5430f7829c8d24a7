"""Names and counts in a sentence."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

__all__ = ["count", "enumerated", "first_and_more", "first_names", "names_by_key"]

Key = TypeVar("Key", bound=Hashable)


def count(number: int, thing: str) -> str:
    """A number of things, in the plural unless it is one.

    Examples
    --------
    >>> from polytask._listing import count
    >>> count(1, "row"), count(0, "row"), count(2500, "row")
    ('1 row', '0 rows', '2,500 rows')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def first_names(names: Iterable[object], most: int = 5) -> str:
    """Names with commas; of many the first few and an ellipsis.

    Examples
    --------
    >>> from polytask._listing import first_names
    >>> first_names("abcd", 3), first_names("abc", 3)
    ('a, b, c, …', 'a, b, c')
    """
    listed = list(map(str, names))
    return ", ".join(listed[:most]) + ", …" * (len(listed) > most)


def first_and_more(names: Iterable[object], most: int = 5) -> str:
    """Names with commas; of many the first few and how many more there are.

    Examples
    --------
    >>> from polytask._listing import first_and_more
    >>> first_and_more("abcd", 3), first_and_more("abc", 3)
    ('a, b, c and 1 more', 'a, b, c')
    """
    listed = list(map(str, names))
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more:,} more" if more > 0 else "")


def enumerated(names: Iterable[object]) -> str:
    """All names, the last after "and".

    Examples
    --------
    >>> from polytask._listing import enumerated
    >>> enumerated("abc"), enumerated("a")
    ('a, b and c', 'a')
    """
    *others, last = map(str, names)
    return f"{', '.join(others)} and {last}" if others else last


def names_by_key(pairs: Iterable[tuple[str, Key]]) -> Mapping[Key, list[str]]:
    """Gather pairs (name, key) by key, in the order in which keys first occur.

    Examples
    --------
    >>> from polytask._listing import names_by_key
    >>> names_by_key([("a", "is long"), ("b", "is short"), ("c", "is long")])
    {'is long': ['a', 'c'], 'is short': ['b']}
    """
    names: dict[Key, list[str]] = {}
    for name, key in pairs:
        names.setdefault(key, []).append(name)
    return names
