"""Errors of the file system as sentences."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polytask.exceptions import DiskError, OutputError

__all__ = ["is_of_the_disk", "problem", "writing"]

_NUMBER = re.compile(r"\(os error (\d+)\)")  # how libraries written in Rust say it
_OF_THE_DISK = {
    "ENOSPC": "no space is left on the disk",
    "EDQUOT": "the disk quota is used up",
    "EFBIG": "the file would be larger than is allowed",
    "EIO": "the disk does not answer as it should",
    "ENOENT": "its folder is gone",
    "ESTALE": "its folder is gone",
    "EMFILE": "too many files are open",
    "ENFILE": "too many files are open",
}
_OF_THE_PLACE = {
    "EROFS": "the disk is read-only",
    "EACCES": "permission is denied",
    "EPERM": "permission is denied",
    "EEXIST": "there is a file where its folder would be",
    "ENOTDIR": "there is a file where its folder would be",
    "EISDIR": "there is a folder of that name",
    "ENOTEMPTY": "there is a folder of that name",
    "ENAMETOOLONG": "its name is too long",
    "EBUSY": "it is in use",
    "ETXTBSY": "it is in use",
}
_FULL = ("ENOSPC", "EDQUOT", "EFBIG")


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn an OSError in the block into a sentence.

    Raises
    ------
    OutputError
        Naming `target` and the reason; a DiskError where the same place may do another time.
    """
    try:
        yield
    except OutputError:
        raise
    except Exception as error:
        reason = problem(error)
        if reason is None:
            raise
        kind = DiskError if is_of_the_disk(error) else OutputError
        raise kind(f"{target} cannot be written: {reason}") from error


def problem(error: BaseException) -> str | None:
    """Sentence on a file system error with its remedy; None for any other error."""
    name = _name(error)
    reason = _OF_THE_DISK.get(name) or _OF_THE_PLACE.get(name)
    if reason is None:
        return None
    if name in _FULL:
        return f"{reason}. Make room and run it again."
    if name in _OF_THE_DISK:
        return f"{reason}. Put that right and run it again."
    return f"{reason}. Put that right, or name another place."


def is_of_the_disk(error: BaseException) -> bool:
    """Whether the error comes from the disk, and not from the path given."""
    return _name(error) in _OF_THE_DISK


def _name(error: BaseException) -> str:
    """The system's name of an error, also of one that a library reports in its own class."""
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, "")
    match = _NUMBER.search(str(error))
    return "" if match is None else errno.errorcode.get(int(match[1]), "")
