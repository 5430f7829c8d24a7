"""Computation per source, with the source's name in errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from polytask.data.names import about_source
from polytask.data.sources._source import Source

__all__ = ["for_each_source"]

Result = TypeVar("Result")


def for_each_source(
    sources: Sequence[Source], compute: Callable[[Source], Result]
) -> dict[str, Result]:
    """Apply a function to each source; errors name the source if there are several.

    Parameters
    ----------
    sources : sequence of Source
    compute : callable
        Takes a source.

    Returns
    -------
    dict of source name to result
    """
    results = {}
    for source in sources:
        with about_source(source.name, alone=len(sources) == 1):
            results[source.name] = compute(source)
    return results
