"""Entry point of the `polytask` command, and its exit statuses."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from polytask._files import problem
from polytask._workers import ENDING
from polytask.cli._interrupt import Interrupted, ending_well
from polytask.exceptions import DiskError, PolytaskError, WorkerError

__all__ = ["main"]

_MACHINES_TROUBLE = 1
_USERS_ERROR = 2
_BROKEN_PIPE = 141
_TORCH_WANTED = re.compile(r"(?i:tried to allocate) [\d.]+ \w+")
"""What PyTorch says it had no memory for, in an error of no class of its own on a CPU."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave by `SystemExit`.

    The status is 0 when all went well; 1 where the machine failed: a full disk, a folder that
    was removed meanwhile, memory that did not suffice, a worker process that was ended; 2 for a
    user's error;
    130 after Ctrl-C, 143 after SIGTERM, 129 when the terminal was closed. 1 and 2 come with one
    line on stderr, and with the traceback too where the environment variable ``POLYTASK_DEBUG``
    is set.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; the process's own by default.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin halt one another
    try:
        with ending_well():
            _run(arguments)
    except Interrupted:
        if arguments is None:  # this process is the command: let nothing disturb its last moments
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
        raise
    except BrokenPipeError:
        _close_standard_output()
        sys.exit(_BROKEN_PIPE)
    except (DiskError, WorkerError) as error:
        _fail(str(error), _MACHINES_TROUBLE)
    except PolytaskError as error:
        _fail(str(error), _USERS_ERROR)
    except (MemoryError, RuntimeError) as error:
        _fail(_about_memory(error), _MACHINES_TROUBLE)
    except OSError as error:
        text = problem(error) or error.strerror or error
        if error.filename is not None:
            _fail(f"{error.filename}: {text}", _USERS_ERROR)
        _fail(f"Standard output or a file cannot be written: {text}", _MACHINES_TROUBLE)


def _about_memory(error: MemoryError | RuntimeError) -> str:
    """A sentence on memory that did not suffice; raise the error again if it is another."""
    what = str(error).strip() or "nothing is left"
    if not isinstance(error, MemoryError):
        wanted = _TORCH_WANTED.search(what)
        if wanted is None:
            raise error
        what = wanted.group()
    return f"The memory does not suffice ({what}). Use fewer rows, smaller models or fewer --jobs."


def _run(arguments: Sequence[str] | None) -> None:
    try:
        with ending_well(lambda: "nothing had begun; run the same command again."):
            from polytask.cli._app import command

            command(arguments if arguments is None else list(arguments), prog_name="polytask")
    except SystemExit:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            _close_standard_output()
            said = problem(error) or error.strerror
            raise DiskError(f"Standard output cannot be written: {said}") from error
        raise


def _close_standard_output() -> None:
    """Redirect standard output to null, since Python would report the error again at exit."""
    with suppress(OSError, ValueError):  # of a standard output that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str, status: int) -> None:
    if os.environ.get("POLYTASK_DEBUG"):
        traceback.print_exc()
    shown = "".join(
        character if character.isprintable() or character == "\n" else "�"
        for character in sentence.strip()
    )
    with suppress(OSError):
        sys.stderr.write(f"error: {shown}\n")
    sys.exit(status)
