"""One bar on a terminal for a whole comparison; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Advance", "progress_bar"]

Advance = Callable[[str], None]
"""Say that one more step is done, and what it was."""


@contextmanager
def progress_bar(total: int, what: str, *, quiet: bool) -> Iterator[Advance]:
    """Show how many of `total` steps are done, on stderr if that is a terminal."""
    if quiet or total == 0 or not sys.stderr.isatty():
        yield _say_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        place = bar.add_task("", total=total)
        yield lambda words: bar.update(place, advance=1, description=words)


def _say_nothing(words: str) -> None:
    del words
