"""Signals that end a command, and sections that they do not interrupt."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ENDING", "signals_held"]

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals of Ctrl-C, of a plain kill, and of a terminal that is closed."""


@contextmanager
def signals_held() -> Iterator[None]:
    """Let the signals that end a command wait until the block has ended.

    Processes that are started inside never see these signals: they end with their parent.
    """
    with _deferred(), _masked():
        yield


@contextmanager
def _masked() -> Iterator[None]:
    """Block the signals in this thread; processes and threads started inside inherit that."""
    if os.name == "nt":  # signals cannot be blocked there
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _deferred() -> Iterator[None]:
    """Call Python's handlers after the block, since any other thread may take the signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        caught.append(number)

    before = {number: signal.getsignal(number) for number in ENDING}
    handled = [number for number, handler in before.items() if callable(handler)]
    try:
        for number in handled:
            signal.signal(number, note)
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
        for number in dict.fromkeys(caught):
            signal.raise_signal(number)
