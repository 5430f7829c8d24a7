"""Ctrl-C ends a command with a line that says what was kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

__all__ = ["INTERRUPTED", "ending_well"]

INTERRUPTED = 130
"""The exit status after Ctrl-C."""


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
    except (Exception, KeyboardInterrupt) as error:
        # A library that is interrupted while it is imported may raise an error of its own.
        if not caught and not isinstance(error, KeyboardInterrupt):
            raise
        typer.echo(": ".join(["interrupted", *filter(None, [kept()])]), err=True)
        raise typer.Exit(INTERRUPTED) from None


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
