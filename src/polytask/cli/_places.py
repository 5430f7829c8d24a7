"""Paths with ``~`` for the home folder."""

from __future__ import annotations

from pathlib import Path

from polytask.exceptions import ParameterError

__all__ = ["at_home"]


def at_home(path: Path) -> Path:
    """The path with ``~`` for the user's home, which shells leave in ``--out=~/x``.

    Raises
    ------
    ParameterError
        If there is no such user.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ParameterError(f"The path {path} names a user that is not there.") from error
