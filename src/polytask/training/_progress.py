"""The progress bar of a training run, with the losses of the tasks."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from polytask._listing import first_and_more

__all__ = ["TrainingProgress", "Worsened", "is_silent", "shown_by", "silently"]

Worsened = Callable[[], Iterable[str]]
"""Finds the tasks that lose what they had learned while others improve."""
_Show = Callable[[float, Mapping[str, float], Worsened], None]

_SILENT_SECONDS = 2.0
_ALARM_SECONDS = 1.0
"""Between two searches for such tasks, which take long with many tasks and members."""
_TASKS_SHOWN = 4
_silent: ContextVar[bool] = ContextVar("silent", default=False)
_show_part: ContextVar[_Show | None] = ContextVar("show_part", default=None)


@contextmanager
def silently() -> Iterator[None]:
    """Show no bar of training in this context unless ``progress=True``: the caller has its own."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def is_silent() -> bool:
    """Whether the caller has a bar of its own."""
    return _silent.get()


@contextmanager
def shown_by(show: _Show) -> Iterator[None]:
    """Show trainings of this context as a part of another bar.

    Parameters
    ----------
    show : callable
        Receives the share of the steps that were taken, the latest losses, and what finds tasks that
        worsen.
    """
    token = _show_part.set(show)
    try:
        yield
    finally:
        _show_part.reset(token)


class TrainingProgress:
    """Bar of steps and validation losses on stderr, once training has lasted two seconds.

    Parameters
    ----------
    n_steps : int
    enabled : bool or None
        None shows it where stderr is a terminal, but not inside `silently`.
    """

    def __init__(self, n_steps: int, enabled: bool | None) -> None:
        shown = sys.stderr is not None and sys.stderr.isatty() and not _silent.get()
        self.enabled = shown if enabled is None else enabled
        self.n_steps = n_steps
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._show_part = _show_part.get()
        self._worsened: list[str] = []
        self._searched = -math.inf

    def close(self) -> None:
        """Remove the bar from the terminal."""
        if self._bar is not None:
            self._bar.stop()

    def show(
        self,
        step: int,
        losses: Mapping[str, float],
        worsened: Worsened = tuple,
    ) -> None:
        """Advance the bar to a step; show the latest losses, and tasks that lose what they had learned.

        These are searched only where there is a bar, and at most once per second.
        """
        if self._show_part is not None:
            self._show_part(step / self.n_steps, losses, worsened)
        else:
            self._advance(step, losses, worsened)

    def _advance(self, step: int, losses: Mapping[str, float], worsened: Worsened) -> None:
        """Advance a bar of its own."""
        if not self.enabled or time.monotonic() - self._started < _SILENT_SECONDS:
            return
        if self._bar is None:
            columns = (TextColumn("training"), BarColumn(), TaskProgressColumn())
            losses_column = TextColumn("{task.fields[losses]}", markup=False)
            self._bar = Progress(
                *columns, TimeRemainingColumn(), losses_column, console=Console(stderr=True)
            )
            self._bar.add_task("training", total=self.n_steps, losses="")
            self._bar.start()
        shown = [f"{name} {loss:.4g}" for name, loss in list(losses.items())[:_TASKS_SHOWN]]
        more = ["…"] if len(losses) > _TASKS_SHOWN else []
        names = self._named(worsened)
        alarm = [f"{first_and_more(names, 2)} worse while others improve"] if names else []
        self._bar.update(
            self._bar.task_ids[0], completed=step, losses="  ".join([*shown, *more, *alarm])
        )

    def _named(self, worsened: Worsened) -> list[str]:
        """The tasks that worsen, as they were last searched."""
        now = time.monotonic()
        if now - self._searched >= _ALARM_SECONDS:
            self._worsened, self._searched = [*worsened()], now
        return self._worsened
