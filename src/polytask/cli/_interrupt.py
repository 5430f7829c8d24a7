"""Ctrl-C ends a command with a line that says what was kept."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from types import FrameType

__all__ = ["Interrupted", "ending_well"]


class Interrupted(SystemExit):
    """The end of a command by Ctrl-C, of which the user has been told; its status is 130."""

    def __init__(self) -> None:
        super().__init__(130)


@contextmanager
def ending_well(kept: Callable[[], str] = str) -> Iterator[None]:
    """Turn Ctrl-C into one line on stderr and exit status 130.

    Parameters
    ----------
    kept : callable
        Asked for words on what was kept and how to go on.
    """
    caught: list[int] = []
    try:
        with _noting(caught):
            yield
    except Interrupted:
        raise
    except BaseException as error:
        # A library that is interrupted, say while it is imported, may raise an error of its own.
        if not isinstance(error, KeyboardInterrupt) and not (caught and _failed(error)):
            raise
        for worker in active_children():  # one that was only just starting outlives its pool
            worker.terminate()
        sys.stderr.write(": ".join(["interrupted", *filter(None, [kept()])]) + "\n")
        raise Interrupted from None


def _failed(error: BaseException) -> bool:
    return not isinstance(error, SystemExit) or error.code not in {0, None}


@contextmanager
def _noting(caught: list[int]) -> Iterator[None]:
    """Add every interrupt signal to `caught`, and raise KeyboardInterrupt as usual."""

    def note(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        signal.default_int_handler(number, frame)

    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and callable(before)
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
