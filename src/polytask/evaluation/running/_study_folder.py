"""The folder of a study: its identity, and a lock for one writing process at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from polytask._files import is_of_the_disk, problem, sealed, try_lock, unsealed, write_json
from polytask._listing import enumerated
from polytask._plain import read_json
from polytask._validation import message
from polytask.evaluation.running._sweep import sweep, sweep_halves
from polytask.exceptions import DiskError, ParameterError, StudyError

__all__ = ["on_entering", "out_folder", "study_folder"]

_OURS = ("comparison.json", "tuning.json", "weights.json", "model", "runs", "report.html")

_tell: ContextVar[Callable[[Path], None] | None] = ContextVar("tell", default=None)


@contextmanager
def on_entering(tell: Callable[[Path], None]) -> Iterator[None]:
    """Call a function with the first study's folder that is entered in the block, once it is.

    Parameters
    ----------
    tell : callable
    """
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def out_folder(out: object, owner: str = "compare") -> Path:
    """Turn `out` into the path of a folder; errors name the owner.

    Raises
    ------
    ParameterError
        If it is no path that a folder could have.
    """
    text = str(out) if isinstance(out, str | Path) else ""
    if not text.strip() or "\0" in text:
        raise ParameterError(message(owner, "out", "the path of a folder", out))
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # a user that is not there
        raise ParameterError(message(owner, "out", "the path of a folder", out)) from error


@contextmanager
def study_folder(
    folder: Path, identity: Mapping[str, Any], note: Callable[[str], None] = lambda _: None
) -> Iterator[Path]:
    """Enter a study's folder, making it if needed.

    Parameters
    ----------
    folder : Path
    identity : mapping
        What must be equal for runs to belong to one study: data, split, budget. Learners and
        seeds may be added later.
    note : callable, optional
        Receives a sentence on what was damaged.

    Raises
    ------
    StudyError
        If the folder cannot be used, holds another study or something else, or another process
        writes to it.
    DiskError
        If the disk is full, or the folder was removed when the study ends.

    Notes
    -----
    What killed processes left half-written is removed at the start.
    """
    with _usable(folder):
        _check_no_file(folder)
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    with _locked(folder, descriptor):
        _claim(folder, identity, note)
        sweep(folder)
        _tell_once(folder)
        try:
            yield folder
        finally:
            sweep_halves(folder)
        if not _is_lock_of(folder, descriptor):
            sentence = f"{folder} was removed while results were written to it. Run it again."
            raise DiskError(sentence)


def _tell_once(folder: Path) -> None:
    """Say to `on_entering` that a folder was entered."""
    tell = _tell.get()
    if tell is not None:
        _tell.set(None)
        tell(folder)


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Turn an OSError into our error: a mistake in `out`, or a problem of the disk."""
    try:
        yield
    except OSError as error:
        reason = problem(error) or f"{error.strerror or error}."
        kind = DiskError if is_of_the_disk(error) else StudyError
        raise kind(f"The folder {folder} cannot be used: {reason}") from error


def _check_no_file(folder: Path) -> None:
    for path in (folder, *folder.parents):
        if path.exists():
            if not path.is_dir():
                raise StudyError(f"{path} is a file. Choose another folder with `out`.")
            return


def _is_lock_of(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat((folder / ".lock").stat(), os.fstat(descriptor))
    except OSError:
        return False


def _claim(folder: Path, identity: Mapping[str, Any], note: Callable[[str], None]) -> None:
    path = folder / "study.json"
    wanted = json.loads(json.dumps(identity))
    held = _held(path)
    if held is None:
        if path.exists() or any((folder / name).exists() for name in _OURS):
            _check_ours(folder, wanted["data"])
            note(f"{path} was missing or damaged and is written anew; the runs are kept.")
        write_json(path, sealed(wanted))
        return
    different = [name for name in wanted if held.get(name) != wanted[name]]
    if different:
        tasks = "Tasks and their options are part of the data. " if "data" in different else ""
        sentence = (
            f"{folder} holds another study: its {enumerated(different)} "
            f"{'differs' if len(different) == 1 else 'differ'}. {tasks}"
            "Choose another folder with `out`, or remove this one."
        )
        raise StudyError(sentence)


def _held(path: Path) -> dict[str, Any] | None:
    """Read a study's file; None if it is missing or not as it was written."""
    try:
        held = read_json(path)
        return held if isinstance(held, dict) and "sha256" not in held else unsealed(held)
    except (ValueError, FileNotFoundError):
        return None


def _check_ours(folder: Path, data: object) -> None:
    """Raise unless a folder without a valid ``study.json`` holds runs, all of them on the data."""
    records = [_data_of(path) for path in (folder / "runs").glob("[!.]*.json")]
    if not any(records) or any(digest != data for digest in records if digest is not None):
        sentence = (
            f"{folder} holds {', '.join(name for name in _OURS if (folder / name).exists())} that "
            "no study of ours wrote. Choose another folder with `out`."
        )
        if (folder / "study.json").exists():
            sentence = (
                f"{folder / 'study.json'} does not describe a study. "
                "Choose another folder with `out`."
            )
        raise StudyError(sentence)


def _data_of(record: Path) -> object:
    """The data that a run's record names; None where it is damaged."""
    try:
        return read_json(record)["spec"]["data"]
    except (ValueError, OSError, LookupError, TypeError):
        return None


@contextmanager
def _locked(folder: Path, descriptor: int) -> Iterator[None]:
    """Hold the folder's lock, which the system releases when the process ends in any way."""
    try:
        if not try_lock(descriptor):
            sentence = (
                f"Another process is writing to {folder}. "
                "Wait until it ends, or choose another folder with `out`."
            )
            raise StudyError(sentence)
        yield
    finally:
        os.close(descriptor)
