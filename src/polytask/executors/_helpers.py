"""Worker processes that join a process in its work once that takes long enough."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from polytask._workers import Worker

__all__ = ["Done", "Helpers", "Waiting"]

Waiting = deque[tuple[int, Any]]
"""Jobs that nobody has begun, with their positions."""
Done = SimpleQueue[tuple[int, bool, Any]]
"""Positions, whether the job succeeded, and its result or error."""

_PATIENCE = 1.5
"""Seconds that a process works alone; starting another takes some three."""
_WORTH = 4.0
"""Expected seconds of the jobs that wait from which on a helper saves time."""


class Helpers:
    """Starts helpers in the background, as soon as they pay, and none after the block has ended.

    Parameters
    ----------
    start : callable
        Starts so many workers, or fewer, and returns them all.
    serve : callable
        Gives a worker one waiting job after another.
    waiting : deque of jobs
    n_jobs : int
    most : int
        Most helpers.
    at_once : bool, default False
        Whether they have been started before, and so begin without waiting.
    """

    def __init__(
        self,
        start: Callable[[int], Sequence[Worker]],
        serve: Callable[[Worker], None],
        waiting: Waiting,
        n_jobs: int,
        most: int,
        *,
        at_once: bool = False,
    ) -> None:
        self._start, self._serve, self._waiting = start, serve, waiting
        self._n_jobs, self._most, self._at_once = n_jobs, most, at_once
        self._began = time.monotonic()
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Helpers:  # noqa: PYI034 - beartype does not know Self
        if self._most > 0:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._ended.set()
        with self._lock:  # a worker that is being started belongs to the executor from then on
            pass

    def _watch(self) -> None:
        while not self._ended.wait(0.0 if self._at_once else _PATIENCE):
            if not self._waiting:
                return
            if self._at_once or self._seconds_ahead() >= _WORTH:
                with self._lock:
                    if not self._ended.is_set():
                        self._begin()
                return

    def _begin(self) -> None:
        for worker in self._start(min(self._most, len(self._waiting))):
            threading.Thread(target=self._serve, args=(worker,), daemon=True).start()

    def _seconds_ahead(self) -> float:
        """Seconds that the waiting jobs take at the pace so far; infinite while none has ended."""
        n_begun = self._n_jobs - len(self._waiting)
        if n_begun <= 1:
            return float("inf")
        return (time.monotonic() - self._began) / (n_begun - 1) * len(self._waiting)
