"""The progress bar of a training run, with the losses of the tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from polytask._listing import first_and_more

__all__ = ["TrainingProgress", "is_silent", "silently"]

_SILENT_SECONDS = 2.0
_TASKS_SHOWN = 4
_silent: ContextVar[bool] = ContextVar("silent", default=False)


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

    def close(self) -> None:
        """Remove the bar from the terminal."""
        if self._bar is not None:
            self._bar.stop()

    def show(
        self,
        step: int,
        losses: Mapping[str, float],
        worsened: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """Advance the bar to a step; show the latest losses, and tasks that lose what they had learned.

        These are searched only where there is a bar, since that takes long with many tasks.
        """
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
        names = [*worsened()]
        alarm = [f"{first_and_more(names, 2)} worse while others improve"] if names else []
        self._bar.update(
            self._bar.task_ids[0], completed=step, losses="  ".join([*shown, *more, *alarm])
        )
