"""A bar on a terminal while rows are read."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["with_bar"]

_SILENT_SECONDS = 2.0
_Result = TypeVar("_Result")


def with_bar(results: Iterable[_Result], total: int, what: str) -> Iterator[_Result]:
    """The results one by one, with a bar where they take long and someone watches.

    Parameters
    ----------
    results : iterable
    total : int
        How many there are.
    what : str
        What goes on, before the bar.

    Examples
    --------
    >>> from polytask.data.readers._progress import with_bar
    >>> list(with_bar(iter("ab"), 2, "reading"))
    ['a', 'b']
    """
    shown = sys.stderr is not None and sys.stderr.isatty()
    started, bar, line = time.monotonic(), None, None
    try:
        for done, result in enumerate(results):
            yield result
            if shown and bar is None and time.monotonic() - started > _SILENT_SECONDS:
                bar = _bar()
                line = bar.add_task(what, total=total)
            if bar is not None:
                bar.update(line, completed=done + 1)
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    bar.start()
    return bar
