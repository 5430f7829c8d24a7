"""What the system refuses while something is written, in a sentence."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polytask.exceptions import OutputError

__all__ = ["problem", "writing"]

_NUMBER = re.compile(r"\(os error (\d+)\)")  # how libraries written in Rust say it
_NAMED = {
    "EEXIST": "there is a file where its folder would be",
    "ENOSPC": "no space is left on the disk",
    "EDQUOT": "the disk quota is used up",
    "EFBIG": "the file would be larger than is allowed",
    "EROFS": "the disk is read-only",
    "EACCES": "permission is denied",
    "EPERM": "permission is denied",
    "ENOENT": "its folder is gone",
    "ENOTDIR": "its folder is gone",
    "ESTALE": "its folder is gone",
    "EIO": "the disk does not answer as it should",
    "ENAMETOOLONG": "its name is too long",
    "EISDIR": "there is a folder of that name",
    "ENOTEMPTY": "there is a folder of that name",
    "EBUSY": "it is in use",
    "ETXTBSY": "it is in use",
    "EMFILE": "too many files are open",
    "ENFILE": "too many files are open",
}
_PROBLEMS = {getattr(errno, name): said for name, said in _NAMED.items() if hasattr(errno, name)}


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn what the system refuses into a sentence.

    Raises
    ------
    OutputError
        Naming `target` and the reason.
    """
    try:
        yield
    except OutputError:
        raise
    except Exception as error:
        reason = problem(error)
        if reason is None:
            raise
        raise OutputError(f"{target} cannot be written: {reason}") from error


def problem(error: BaseException) -> str | None:
    """What the system refused and what to do, if the error is about files at all."""
    number = _number(error)
    if number is None or number not in _PROBLEMS:
        return None
    full = errno.errorcode[number] in {"ENOSPC", "EDQUOT"}
    remedy = "Make room" if full else "Put that right, or name another place,"
    return f"{_PROBLEMS[number]}. {remedy} and run it again."


def _number(error: BaseException) -> int | None:
    """The system's number of an error, also of one that a library reports in its own class."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _NUMBER.search(str(error))
    return None if found is None else int(found[1])
