"""Lists of tags in one text."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["LIST_SEPARATOR", "tags_of"]

LIST_SEPARATOR = "\x1f"
"""What stands after each text of a list, of which some may be empty or hold blanks."""


def tags_of(cell: str) -> Sequence[str]:
    """The tags of a row; an empty text for a step without one.

    Examples
    --------
    >>> from polytask.tasks._tags import LIST_SEPARATOR, tags_of
    >>> tags_of("O  B-city"), tags_of(LIST_SEPARATOR.join(["O", "", "O"]))
    (['O', 'B-city'], ['O', '', 'O'])
    """
    return (
        cell.removesuffix(LIST_SEPARATOR).split(LIST_SEPARATOR)
        if LIST_SEPARATOR in cell
        else cell.split()
    )
