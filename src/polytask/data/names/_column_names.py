"""Arguments that name columns."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._validation import message
from polytask.exceptions import ParameterError

__all__ = ["column_names"]


def column_names(parameter: str, names: object) -> list[str]:
    """Return the list of names in an argument, which may be a single name."""
    if not isinstance(names, Iterable):
        raise ParameterError(message("the data set", parameter, "names of columns", names))
    return [names] if isinstance(names, str) else list(names)
