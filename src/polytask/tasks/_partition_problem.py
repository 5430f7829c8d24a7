"""Faults of groups that should hold every task once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from polytask._naming import suggestion

__all__ = ["partition_problem"]


def partition_problem(groups: Iterable[Sequence[object]], tasks: Collection[str]) -> str | None:
    """What is wrong with groups of names, for a sentence; None if each task stands there once.

    Examples
    --------
    >>> from polytask.tasks import partition_problem
    >>> partition_problem([["rent", "price"], ["sold"]], ["price", "rent", "sold"])
    >>> partition_problem([["rent", "prise"]], ["price", "rent"])
    "names 'prise'. Did you mean 'price'?"
    """
    seen: set[object] = set()
    for name in (name for names in groups for name in names):
        if name not in tasks:
            return f"names {name!r}. {suggestion(str(name), tasks)}"
        if name in seen:
            return f"names {name!r} twice."
        seen.add(name)
    missing = [repr(name) for name in tasks if name not in seen]
    return f"leaves out {', '.join(missing)}." if missing else None
