"""Remedies that name the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from polytask._listing import first_names
from polytask._naming._spelling import fold

__all__ = ["nearest", "suggestion"]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None if none is close."""
    folded = {fold(candidate): candidate for candidate in known}
    matches = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.5)
    return folded[matches[0]] if matches else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Write the remedy at the end of an error about an unknown name.

    Examples
    --------
    >>> from polytask._naming import suggestion
    >>> suggestion("incme", ["income", "age"])
    "Did you mean 'income'?"
    """
    known = sorted(known)
    guess = nearest(name, known)
    if guess is not None:
        return f"Did you mean {guess!r}?"
    if not known:
        return "There are none."
    return f"Known: {first_names(known, 20)}."
