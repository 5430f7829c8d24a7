"""Worker processes: the parent's side."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import weakref
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import Any, BinaryIO, cast

from polytask._local_modules import local_folders
from polytask._workers._messages import receive, send
from polytask._workers._signals import signals_held

__all__ = ["Worker"]

_ROOT = Path(__file__).parents[2]
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # without Ctrl-C, on Windows


class Worker:
    """A process that answers one request after another and ends with this one.

    Parameters
    ----------
    shared : bytes
        A pickle of what all requests share.
    environment : mapping of str to str
        Environment variables in addition to those of this process.
    """

    def __init__(self, shared: bytes, environment: Mapping[str, str]) -> None:
        self._shared: bytes | None = shared
        code = (
            f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
            f"from polytask._workers import serve; serve({os.getpid()})"
        )
        warnings = [f"-W{option}" for option in sys.warnoptions]
        with signals_held():
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [get_executable(), "-P", *warnings, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if sys.stderr is not None else subprocess.DEVNULL,
                env={**os.environ, **environment},
                creationflags=_NEW_GROUP,
            )
            self._end = weakref.finalize(self, _end, self._process)

    def ask(self, request: bytes) -> tuple[bool, Any]:
        """Send a request; return whether it succeeded, and its result or error.

        Raises
        ------
        OSError or EOFError
            If the process has ended.
        """
        requests = cast("BinaryIO", self._process.stdin)
        answers = cast("BinaryIO", self._process.stdout)
        if self._shared is not None:
            send(requests, pickle.dumps((sys.path, local_folders())))
            send(requests, self._shared)
            self._shared = None
        send(requests, request)
        return pickle.loads(receive(answers))  # noqa: S301 - from our own worker

    def end(self) -> None:
        """End the process, busy or not; it also ends with this object."""
        self._end()


def _end(process: subprocess.Popen[bytes]) -> None:
    with signals_held():
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
