"""Progress of a comparison: a bar on a terminal, a line per finished run elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from polytask._listing import enumerated
from polytask.bookkeeping import History, worsened_tasks
from polytask.evaluation.running._records import RunRecord

__all__ = [
    "Advance",
    "Notes",
    "RunProgress",
    "progress_at_once",
    "progress_bar",
    "run_progress",
    "tell_runs",
]

Advance = Callable[..., None]
"""Callback that advances by one step, with its description and, where it changed, the total."""

_patience: ContextVar[float] = ContextVar("patience", default=2.0)
"""Seconds before the first line, so that a short comparison prints nothing."""

_MOST_SILENCE = 60.0
"""Seconds without a line after which one says that runs go on."""
_keys: ContextVar[list[str] | None] = ContextVar("keys", default=None)
"""Receives the keys of the runs of a comparison."""


@contextmanager
def progress_at_once() -> Iterator[list[str]]:
    """Show the progress of comparisons in the block from the first run on, as commands do.

    Yields
    ------
    list of str
        Keys of the runs of the comparison, which name their files; empty until it knows them.
    """
    keys: list[str] = []
    tokens = _patience.set(0.0), _keys.set(keys)
    try:
        yield keys
    finally:
        _patience.reset(tokens[0])
        _keys.reset(tokens[1])


def tell_runs(keys: Iterable[str]) -> None:
    """Pass the keys of the runs of a comparison on to `progress_at_once`, if that is entered."""
    known = _keys.get()
    if known is not None:
        known[:] = dict.fromkeys(keys)


class Notes:
    """Sentences on how a study is run: kept, and written to stderr unless `quiet`.

    They concern this process and not the results, so no record holds them.
    """

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.kept: list[str] = []

    def __call__(self, sentence: str) -> None:
        """Keep a sentence, and write it unless `quiet`."""
        self.kept.append(sentence)
        if not self.quiet:
            _write(f"note: {sentence}\n")


@contextmanager
def progress_bar(total: int, what: str, *, quiet: bool) -> Iterator[Advance]:
    """Show how many of `total` steps are done, on stderr if that is a terminal."""
    if quiet or total == 0 or not _is_terminal():
        yield _say_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar_task = bar.add_task("", total=total)

        def show(description: str, total: int | None = None) -> None:
            bar.update(bar_task, advance=1, description=description, total=total)

        yield show


class RunProgress:
    """Receives every run, and shows nothing.

    Attributes
    ----------
    total : int
        Runs in all.
    n_known : int
        Runs that were already on record.
    n_fitted : int
    """

    def __init__(self, total: int) -> None:
        self.total, self.n_known, self.n_fitted = total, 0, 0

    def expect(self, total: int) -> None:
        """Change the number of runs in all."""
        self.total = total

    def known(self, record: RunRecord) -> None:
        """Count a run that was already on record."""
        del record
        self.n_known += 1

    def fitted(self, record: RunRecord) -> None:
        """Count a run that has just ended."""
        del record
        self.n_fitted += 1

    def close(self) -> None:
        """End the display."""


@contextmanager
def run_progress(total: int, *, quiet: bool) -> Iterator[RunProgress]:
    """Show on stderr how many of `total` runs are fitted, and how long the others may take."""
    if quiet or total == 0 or sys.stderr is None:
        yield RunProgress(total)
    elif _is_terminal():
        with progress_bar(total, "fitting", quiet=quiet) as advance:
            yield _Bar(total, advance)
    else:
        lines = (_NotebookLine if _is_notebook(sys.stderr) else _Lines)(total)
        try:
            yield lines
        finally:
            lines.close()


class _Bar(RunProgress):
    """Moves a bar."""

    def __init__(self, total: int, advance: Advance) -> None:
        super().__init__(total)
        self._advance = advance

    def known(self, record: RunRecord) -> None:
        super().known(record)
        self._advance(record.spec.name, self.total)

    def fitted(self, record: RunRecord) -> None:
        super().fitted(record)
        self._advance(record.spec.name, self.total)


class _Lines(RunProgress):
    """Writes a line for every run, once the first seconds are over, and one per minute without any."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._started = self._written = time.monotonic()
        self._waiting: list[str] = []
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._write_each_minute, daemon=True)
        self._watch.start()

    def close(self) -> None:
        self._closed.set()
        self._watch.join()

    def _write_each_minute(self) -> None:
        """Say that runs go on, where none has ended for a minute."""
        while not self._closed.wait(self._written + _MOST_SILENCE - time.monotonic()):
            now = time.monotonic()
            if now >= self._written + _MOST_SILENCE:
                self._written = now
                done, elapsed = self.n_known + self.n_fitted, _duration(now - self._started)
                self._show([f"fitting: {done} of {self.total} runs have ended after {elapsed}"])

    def fitted(self, record: RunRecord) -> None:
        super().fitted(record)
        if self.n_fitted == 1 and self.n_known:
            self._waiting.append(f"{self.n_known} of {self.total} runs were done before")
        elapsed = time.monotonic() - self._started
        self._waiting.append(self._line(record, elapsed))
        if elapsed >= _patience.get():
            self._written = time.monotonic()
            self._show(self._waiting)
            self._waiting = []

    def _line(self, record: RunRecord, elapsed: float) -> str:
        done = self.n_known + self.n_fitted
        took = "no model" if record.failure else _duration(record.seconds)
        line = f"fitted {done} of {self.total}: {_run_name(record)}, {took}{_alarm(record)}"
        ahead = self.total - done
        left = elapsed / self.n_fitted * ahead
        return f"{line}; about {_duration(left)} left" if ahead else line

    def _show(self, lines: list[str]) -> None:
        _write("".join(f"{line}\n" for line in lines))


class _NotebookLine(_Lines):
    """Writes the newest line over the one before, since a cell's output does not scroll."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._width = 0

    def _show(self, lines: list[str]) -> None:
        _write(f"\r{lines[-1].ljust(self._width)}")
        self._width = len(lines[-1])

    def close(self) -> None:
        super().close()
        if self._width:
            _write("\n")


def _run_name(record: RunRecord) -> str:
    settings = " ".join(f"{name}={value}" for name, value in record.settings.items())
    fold = f", fold {record.spec.split['fold']}" if record.spec.split.get("fold") else ""
    return (
        f"{record.spec.name}{f' ({settings})' if settings else ''}, seed {record.spec.seed}{fold}"
    )


def _alarm(record: RunRecord) -> str:
    """Tasks that got worse while others improved, as the end of a line."""
    worsened = worsened_tasks(History.from_dict(record.history)) if record.history else {}
    return f", {enumerated(worsened)} worse while others improved" if worsened else ""


def _duration(seconds: float) -> str:
    """Format a duration for reading."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{int(seconds < 10 * size and unit != 'min')}f} {unit}"
    return f"{seconds:.{int(seconds < 10)}f} s"


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _is_notebook(stream: object) -> bool:
    return type(stream).__module__.startswith("ipykernel")


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _say_nothing(description: str, total: int | None = None) -> None:
    del description, total
