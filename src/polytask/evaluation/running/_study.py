"""The folder of a study: whose it is, and that one process at a time writes to it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polytask._files import write_json
from polytask.exceptions import StudyError

__all__ = ["study_folder"]

_OURS = ("comparison.json", "model", "runs", "report.html")


@contextmanager
def study_folder(folder: Path, identity: Mapping[str, Any]) -> Iterator[Path]:
    """Enter a study's folder, making it if needed.

    Parameters
    ----------
    folder : Path
    identity : mapping
        What must be equal for runs to belong to one study: data, split, budget. Learners and
        seeds may be added later.

    Raises
    ------
    StudyError
        If the folder holds another study or something else, or another process writes to it.
    """
    if folder.exists() and not folder.is_dir():
        sentence = f"{folder} is a file. Choose another folder with `out`."
        raise StudyError(sentence)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _claim(folder, identity)
        yield folder


def _claim(folder: Path, identity: Mapping[str, Any]) -> None:
    path = folder / "study.json"
    wanted = json.loads(json.dumps(identity))
    if not path.exists():
        found = [name for name in _OURS if (folder / name).exists()]
        if found:
            sentence = (
                f"{folder} holds {', '.join(found)} that no study of ours wrote. "
                "Choose another folder with `out`."
            )
            raise StudyError(sentence)
        write_json(path, wanted)
        return
    held = _read(path)
    different = [name for name in wanted if held.get(name) != wanted[name]]
    if different:
        sentence = (
            f"{folder} holds another study: its {' and '.join(different)} "
            f"{'differs' if len(different) == 1 else 'differ'}. "
            "Choose another folder with `out`, or remove this one."
        )
        raise StudyError(sentence)


def _read(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        held = None
    if not isinstance(held, dict):
        sentence = f"{path} does not describe a study. Choose another folder with `out`."
        raise StudyError(sentence)
    return held


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go when the process ends, however it ends."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor):
            sentence = (
                f"Another process is writing to {folder}. "
                "Wait until it ends, or choose another folder with `out`."
            )
            raise StudyError(sentence)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
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
