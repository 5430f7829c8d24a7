"""Signals (Ctrl-C, SIGTERM, a closed terminal) that end a command with one last line."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from polytask._workers import ENDING

__all__ = ["Interrupted", "ending_well"]


class Interrupted(SystemExit):
    """The end of a command by a signal, of which the user has been told.

    Parameters
    ----------
    number : int
        Of the signal; the exit status is 128 more: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(128 + number)


class _SignalledError(KeyboardInterrupt):
    """KeyboardInterrupt that counts as handled once it is caught, wherever it was raised.

    A plain KeyboardInterrupt that passes through code run by an extension module, as while torch is
    imported, is remembered: Python then ends by SIGINT, whatever the exit status was to be.
    """


@contextmanager
def ending_well(kept: Callable[[], str] = str) -> Iterator[None]:
    """Turn a signal that ends the command into one line on stderr and an exit status.

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
        number = caught[0] if caught else signal.SIGINT
        word = "interrupted" if number == signal.SIGINT else "terminated"
        with _ignoring():
            sys.stderr.write(": ".join([word, *filter(None, [kept()])]) + "\n")
        raise Interrupted(number) from None


def _failed(error: BaseException) -> bool:
    return not isinstance(error, SystemExit) or error.code not in {0, None}


@contextmanager
def _noting(caught: list[int]) -> Iterator[None]:
    """Add every ending signal to `caught`, and raise KeyboardInterrupt for it."""

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        caught.append(number)
        raise _SignalledError

    with _handling(note, ENDING), _never_lost(caught):
        yield


@contextmanager
def _ignoring() -> Iterator[None]:
    """Ignore further signals while the last line is written."""
    with _handling(signal.SIG_IGN, ENDING):
        yield


@contextmanager
def _handling(
    handler: Callable[[int, FrameType | None], None] | signal.Handlers, numbers: tuple[int, ...]
) -> Iterator[None]:
    """Set a handler for signals, except ignored ones (as by nohup) and those set by other code."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    replaced = [n for n, held in before.items() if callable(held) or held is signal.SIG_DFL]
    try:
        for number in replaced:
            signal.signal(number, handler)
        yield
    finally:
        for number in replaced:
            signal.signal(number, before[number])


@contextmanager
def _never_lost(caught: list[int]) -> Iterator[None]:
    """Send a signal again whose error was swallowed, since it came in a `__del__` or the like."""
    before = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt) and caught:
            # A moment later, as an error that is raised in this hook would be swallowed too.
            later = threading.Timer(0.01, _interrupt_main, caught[-1:])
            later.daemon = True
            later.start()
        else:
            before(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt_main(number: int) -> None:
    if hasattr(signal, "pthread_kill"):
        ident = threading.main_thread().ident
        signal.pthread_kill(0 if ident is None else ident, number)
    else:  # on Windows; a wait in C ends first
        _thread.interrupt_main(signal.Signals(number))
