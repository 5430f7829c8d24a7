"""Where the `polytask` command starts, and how it ends."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from polytask.cli._interrupt import ending_well
from polytask.exceptions import PolytaskError

__all__ = ["main"]

_USERS_ERROR = 2
_BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave by `SystemExit`.

    The status is 0 when all went well, 2 for a user's error (one line on stderr; its traceback
    too where the environment variable ``POLYTASK_DEBUG`` is set), 130 after Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; the process's own by default.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin halt one another
    try:
        with ending_well():
            from polytask.cli._app import app

            app(arguments if arguments is None else list(arguments), prog_name="polytask")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the exit complains
        sys.exit(_BROKEN_PIPE)
    except PolytaskError as error:
        _fail(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}")


def _fail(sentence: str) -> None:
    if os.environ.get("POLYTASK_DEBUG"):
        traceback.print_exc()
    sys.stderr.write(f"error: {sentence.strip()}\n")
    sys.exit(_USERS_ERROR)
