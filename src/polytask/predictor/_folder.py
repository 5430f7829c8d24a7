"""Folders of saved models: atomic writing, and the manifest with the digests of all files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polytask._files import sha256, sweep_workshops, workshop, write_bytes, write_json, writing
from polytask._plain import from_plain, read_json
from polytask._reason import reason
from polytask._validation import describe
from polytask.exceptions import BundleError
from polytask.predictor._contents import REMEDY, FileEntry

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Manifest",
    "check_folder",
    "copy_model",
    "is_damaged",
    "new_folder",
    "read_manifest",
    "remove_unfinished_saves",
    "write_manifest",
]

FORMAT = 4
"""Of the folders written; since 4 the trees of histogram boosting are packed."""
_READ = (3, FORMAT)
MANIFEST = "bundle.json"

_NEW, _OLD = "new", "old"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block succeeds.

    Raises
    ------
    BundleError
        If `target` is a file, or a folder that holds anything but a bundle.
    """
    target = Path(os.path.realpath(target))
    check_folder(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished_saves(target)
    with workshop(target.parent, _prefix(target)) as hidden:
        fresh, old = hidden / _NEW, hidden / _OLD
        fresh.mkdir()  # unlike the workshop, open to whom the user's mask allows
        yield fresh
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        _fsync(target.parent)


def copy_model(folder: Path, target: Path) -> None:
    """Copy a saved model, completely or not at all; a model that is there is replaced.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with writing(target), new_folder(target) as fresh:
        for path in sorted(folder.iterdir()):
            write_bytes(fresh / path.name, path.read_bytes())


def remove_unfinished_saves(folder: str | Path) -> None:
    """Remove what killed processes left beside a saved model while writing it.

    A model that one of them was about to replace is restored if its replacement is missing.

    Parameters
    ----------
    folder : str or Path
        Where the model is saved.
    """
    target = Path(os.path.realpath(folder))  # unlike resolve, accepts circular links

    def restore(hidden: Path) -> None:
        if (hidden / _OLD).exists() and not target.exists():
            (hidden / _OLD).rename(target)

    sweep_workshops(target.parent, _prefix(target), {_NEW, _OLD}, restore)


def _prefix(target: Path) -> str:
    """Prefix of the names of hidden folders in which a model is assembled."""
    return f".{target.name}-"


def check_folder(folder: str | Path) -> None:
    """Raise unless a model could be saved in the folder; called before training.

    Raises
    ------
    BundleError
        If it is a file, or a folder that holds anything but a saved model.
    """
    target = Path(os.path.realpath(folder))  # unlike resolve, accepts circular links
    if not target.exists():
        return
    if not target.is_dir():
        raise BundleError(f"{target} is a file, so no model is saved there. Name another folder.")
    names = {path.name for path in target.iterdir()}
    if names and not _is_saved_model(target, names):
        sentence = (
            f"{target} holds something other than a saved model, so nothing is saved over it. "
            "Name another folder, or empty this one."
        )
        raise BundleError(sentence)


def is_damaged(folder: Path) -> bool:
    """Whether a folder has a manifest that was altered after it was written.

    Parameters
    ----------
    folder : Path
        It may be missing.
    """
    try:
        manifest = _parsed(folder / MANIFEST)
    except (BundleError, OSError):
        return (folder / MANIFEST).is_file()
    return manifest.pop("sha256", None) != _digest(manifest)


def _is_saved_model(folder: Path, names: set[str]) -> bool:
    """Whether the files are those of an intact manifest, of this format or an earlier one."""
    try:
        manifest = _parsed(folder / MANIFEST)
    except (BundleError, OSError):
        return False
    written, files = manifest.pop("sha256", None), manifest.get("files")
    if manifest.get("format") not in range(1, FORMAT + 1) or not isinstance(files, dict):
        return False
    return bool(written == _digest(manifest) and names <= {MANIFEST, *files})


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest of the files in `folder`: their sizes and digests."""
    files = {}
    for path in sorted(folder.iterdir()):
        _fsync(path)
        files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256(path)}
    manifest = {"format": FORMAT, **content, "files": files}
    write_json(folder / MANIFEST, {**manifest, "sha256": _digest(manifest)})


@dataclass(frozen=True)
class Manifest:
    """Content of a manifest, apart from its own digest.

    Attributes
    ----------
    format : int
    polytask : str
        Version that wrote it.
    versions : mapping of package to version
    name : str
        The model's name in tables.
    tasks : list
        Recipes of the tasks.
    schemas : mapping of source name to the schema's JSON
    model : str
        Class that reads the files.
    history : plain values or None
    files : mapping of file name to FileEntry
    routed : tuple of str
        Sources for which the model has a router; left out if there are none.
    takes_preference : bool
        Whether the model answers at a preference between tasks; left out if not.
    """

    format: int
    polytask: str
    versions: Mapping[str, str]
    name: str
    tasks: list[Any]
    schemas: Mapping[str, Any]
    model: str
    history: Any
    files: Mapping[str, FileEntry]
    routed: tuple[str, ...] = ()
    takes_preference: bool = False


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest.

    Raises
    ------
    BundleError
        If it is missing, truncated, edited or of an unknown version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        inside = folder / "model"
        remedy = "Give the folder that a model was saved to."
        if (inside / MANIFEST).is_file():
            remedy = f"Did you mean {inside}?"
        raise BundleError(f"{folder} is not a saved model: it has no {MANIFEST}. {remedy}")
    manifest = _parsed(path)
    _check_format(path, manifest)
    written = manifest.pop("sha256", None)
    if written != _digest(manifest):
        raise BundleError(f"{path} was edited or damaged after it was written. {REMEDY}")
    try:
        return from_plain(Manifest, manifest)
    except ValueError as error:
        raise BundleError(
            f"{path} does not describe a saved model ({reason(error, named=False)}). {REMEDY}"
        ) from error


def _parsed(path: Path) -> dict[str, Any]:
    try:
        manifest = read_json(path)
    except ValueError as error:  # of the encoding or of the JSON
        raise BundleError(
            f"{path} is truncated or damaged ({reason(error, named=False)}). {REMEDY}"
        ) from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{path} does not describe a saved model. {REMEDY}")
    return manifest


def _check_format(path: Path, manifest: Mapping[str, Any]) -> None:
    written_format = manifest.get("format")
    if written_format not in _READ or not isinstance(written_format, int):
        sentence = (
            f"{path} has format {describe(written_format)}, written by polytask "
            f"{describe(manifest.get('polytask'))}; this polytask reads formats "
            f"{' and '.join(map(str, _READ))}. Install that version, or fit the model again."
        )
        raise BundleError(sentence)


def _digest(manifest: Mapping[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _fsync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
