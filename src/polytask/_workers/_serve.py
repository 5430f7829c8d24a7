"""Loop of a worker process: answers its parent, and ends with it."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, BinaryIO

from polytask._local_modules import import_modules_of
from polytask._workers._answers import answered
from polytask._workers._collection_paused import collection_paused
from polytask._workers._messages import receive, send

__all__ = ["serve"]

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def serve(parent: int) -> None:
    """Answer requests that come over standard input, until the parent process ends.

    The first message is the search path for modules, with the folders of those that are found
    elsewhere; the second is what all requests share.

    Parameters
    ----------
    parent : int
        Its process id.
    """
    _end_with(parent)
    requests, answers = _take_standard_streams()
    inbox: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive_requests, args=(requests, inbox), daemon=True).start()
    sys.path[:], folders = pickle.loads(inbox.get())  # noqa: S301 - from our own parent
    session = _Session(folders, inbox.get())
    while True:
        send(answers, session.answer(inbox.get()))


def _end_with(parent: int) -> None:
    """Let Linux kill this process with its parent; elsewhere `_receive_requests` ends it."""
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):  # a C library that cannot be reached
        return
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)


def _take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; what libraries print goes to standard error from now on."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, answers


def _receive_requests(requests: BinaryIO, inbox: SimpleQueue[bytes]) -> None:
    """Queue requests until the pipe ends, as it does with the parent."""
    while True:
        try:
            inbox.put(receive(requests))
        except (EOFError, OSError):
            os._exit(1)


class _Session:
    """Answers to requests, and the object that they share, unpickled with the first request."""

    def __init__(self, folders: Mapping[str, str], shared: bytes) -> None:
        self._folders = folders
        self._packed: bytes | None = shared
        self._shared: Any = None

    def answer(self, request: bytes) -> bytes:
        """A pickled pair: whether the job succeeded, and its result or error."""
        return answered(lambda: self._result(request), "In a worker process")

    def _result(self, request: bytes) -> Any:
        if self._packed is not None:
            with collection_paused():
                import_modules_of(self._folders)
                self._shared, self._packed = pickle.loads(self._packed), None  # noqa: S301
        work, job = pickle.loads(request)  # noqa: S301 - from our own parent
        return work(job, self._shared)
