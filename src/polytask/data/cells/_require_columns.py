"""Check that columns are in a table, with the nearest name where one is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polytask._naming import suggestion
from polytask.exceptions import DataError

__all__ = ["DOUBT", "header_doubt", "require_columns"]

_MOST_NAMES = 12
DOUBT = (
    "The first line looks like data; does the file lack a header? Then add --no-header, or "
    "--names with the names of its columns (no_header=, names= in Python)."
)


def require_columns(known: Sequence[str], wanted: Iterable[str], what: str) -> None:
    """Raise if wanted columns are not in the table, suggesting the nearest of a single one."""
    absent = [name for name in wanted if name not in known]
    if not absent:
        return
    if len(absent) == 1:
        sentence = f"{absent[0]!r} is not a column of the table. {suggestion(absent[0], known)}"
    else:
        shown = ", ".join(map(repr, absent[:_MOST_NAMES])) + ", …" * (len(absent) > _MOST_NAMES)
        sentence = f"{shown} are not columns of the table. Check its header."
    raise DataError(f"{what} {sentence}{header_doubt(known)}")


def header_doubt(names: Sequence[str]) -> str:
    """A question to add where most names are numbers, other than a count of the columns."""
    counted = [[str(place + first) for place in range(len(names))] for first in (0, 1)]
    if 2 * sum(map(_is_number, names)) <= len(names) or list(names) in counted:
        return ""
    return f" {DOUBT}"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
