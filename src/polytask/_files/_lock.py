"""Locks that the system releases when their process ends in any way."""

from __future__ import annotations

import sys

__all__ = ["try_lock"]


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file until it is closed, unless another process has it.

    Parameters
    ----------
    descriptor : int
        Of a file that is open for writing.

    Returns
    -------
    bool
        Whether this process has it now.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
