"""Progress of a search: how many trainings ended, and which was the last."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["network_progress"]

_SECONDS = 20.0
"""Between two lines where stderr is no terminal."""


@contextmanager
def network_progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Show on stderr how many trainings ended; a line now and then where that is no terminal.

    Yields
    ------
    callable
        Receives a description of every training that ended.
    """
    if quiet or sys.stderr is None:
        yield _say_nothing
    elif sys.stderr.isatty():
        with _bar() as advance:
            yield advance
    else:
        yield _Lines()


def _say_nothing(description: str) -> None:
    del description


@contextmanager
def _bar() -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} trainings"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("", total=None)
        yield lambda description: bar.update(shown, advance=1, description=description)


class _Lines:
    """A line for the first training after a while, and then now and then."""

    def __init__(self) -> None:
        self.count, self.started = 0, time.monotonic()
        self.last = self.started

    def __call__(self, description: str) -> None:
        self.count += 1
        now = time.monotonic()
        if now - self.last < _SECONDS:
            return
        self.last = now
        seconds = now - self.started
        sys.stderr.write(f"{self.count:,} trainings in {seconds:.0f} s, the last: {description}\n")
