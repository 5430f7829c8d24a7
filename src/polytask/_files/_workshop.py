"""Temporary folders of running processes; the next process removes those of killed ones."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polytask._files._lock import try_lock
from polytask._files._trees import remove_folder

__all__ = ["sweep_workshops", "workshop"]

_LOCK = "lock"
_ENDING = re.compile(r"[a-z0-9_]{8}")  # as tempfile draws them
_TRIES = 100
_MOMENT = 0.05


@contextmanager
def workshop(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield an empty folder, locked by this process and removed after the block.

    Parameters
    ----------
    place : Path
        The folder in which it is made.
    prefix : str
        What its name begins with.

    Raises
    ------
    OSError
        If it cannot be made.

    Notes
    -----
    Beside what the block writes it holds a file ``lock``. The system lets go of the lock when the
    process ends, which tells `sweep_workshops` that nobody works there any more.
    """
    folder, descriptor = _opened(parent, prefix)
    try:
        yield folder
    finally:
        try:
            _remove(folder)
        finally:
            os.close(descriptor)
            if os.name == "nt":  # where an open file cannot be removed
                _remove(folder)


def sweep_workshops(
    parent: Path,
    prefix: str,
    contents: Collection[str],
    rescue: Callable[[Path], None] = lambda _: None,
) -> None:
    """Remove the workshops of killed processes; those of running ones stay.

    Parameters
    ----------
    place, prefix
        As in `workshop`.
    contents : collection of str
        What such a workshop may hold; a folder that holds anything else is none.
    rescue : callable, optional
        Receives a workshop that is about to be removed.
    """
    for folder in _candidates(parent, prefix, contents):
        with suppress(OSError), _abandoned(folder) as abandoned:
            if abandoned:
                rescue(folder)
                _remove(folder)


def _opened(parent: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder and lock it; retry if another process's sweep removed it in between."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            locked = try_lock(descriptor)
            if os.fstat(descriptor).st_nlink and (locked or _stays(folder)):
                return folder, descriptor
            os.close(descriptor)
    raise FileNotFoundError(f"{parent} does not keep the folders that are made in it")


def _stays(folder: Path) -> bool:
    """Whether it still exists after a moment: its disk has no locks, so no sweep removes it."""
    time.sleep(_MOMENT)
    return folder.exists()


def _candidates(parent: Path, prefix: str, contents: Collection[str]) -> Iterator[Path]:
    """Folders of this user that have the name and the contents of a workshop."""
    with suppress(OSError):  # such as no folder at all
        for path in list(parent.iterdir()):
            named = path.name.startswith(prefix) and _ENDING.fullmatch(path.name[len(prefix) :])
            if named and _is_own_folder(path):
                names = {inner.name for inner in path.iterdir()}
                if _LOCK in names and names <= {_LOCK, *contents}:
                    yield path


def _is_own_folder(path: Path) -> bool:
    """Whether it is a folder, no link to one, of this process's user."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == getattr(os, "geteuid", lambda: 0)()


@contextmanager
def _abandoned(folder: Path) -> Iterator[bool]:
    """Hold a workshop's lock, if nobody else does."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove a folder, also when Ctrl-C comes in the middle of it."""
    try:
        remove_folder(folder)
    except KeyboardInterrupt:
        remove_folder(folder)
        raise
