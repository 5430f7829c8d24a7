"""Walk and removal of folders of any depth."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["remove_folder", "walk"]

_DEEPEST = 50


def walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Every folder inside a folder, with the names of folders and files in it.

    Parameters
    ----------
    folder : Path

    Yields
    ------
    inner : Path
        Relative to `folder`, which comes first; links are not followed.
    folders, files : list of str

    Raises
    ------
    OSError
        If folders lie in folders, more than 50 deep, or one cannot be read.
    """
    ahead = [Path()]
    while ahead:
        inner = ahead.pop()
        if len(inner.parts) > _DEEPEST:
            reason = f"folders lie in folders there, more than {_DEEPEST} deep"
            raise OSError(errno.ELOOP, reason, str(folder))
        paths = sorted((folder / inner).iterdir())
        folders = [path for path in paths if path.is_dir()]
        yield (
            inner,
            [path.name for path in folders],
            [path.name for path in paths if path not in folders],
        )
        ahead += [inner / path.name for path in reversed(folders) if not path.is_symlink()]


def remove_folder(folder: Path) -> None:
    """Remove a folder, or as much of it as can be removed."""
    with suppress(RecursionError):  # of folders in folders, deeper than any of ours
        shutil.rmtree(folder, ignore_errors=True)
