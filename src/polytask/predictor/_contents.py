"""Files of a saved model, read once and checked against the manifest's digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any

from polytask._files import walk
from polytask._listing import first_names
from polytask._plain import parse_json, read_file
from polytask._reason import reason
from polytask.exceptions import BundleError

__all__ = ["REMEDY", "Contents", "FileEntry", "is_importable", "read_contents", "unnamed_files"]

REMEDY = "Copy the whole folder again, or save the model anew."

_IMPORTABLE = (
    *all_suffixes(),
    *(".dll", ".dylib", ".pth", "._pth", ".pyc", ".pyd", ".pyo", ".pyw", ".pyz", ".so"),
    *(".egg", ".egg-link", ".whl"),
)
_CACHES = ("__pycache__", ".dist-info", ".egg-info", ".egg")
"""Endings of folder names: of compiled files, and of packages with entry points to import."""


@dataclass(frozen=True)
class FileEntry:
    """A file's entry in the manifest.

    Parameters
    ----------
    bytes : int
    sha256 : str
        Hexadecimal.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Contents:
    """Contents of the files of a saved model, or of a part of it, whose digests were checked.

    Parameters
    ----------
    folder : Path
    files : mapping of file name to bytes
    prefix : str
        Prefix of the names of a part's files.
    """

    folder: Path
    files: Mapping[str, bytes]
    prefix: str = ""

    def path(self, name: str) -> Path:
        """Path of a file, for messages."""
        return self.folder / f"{self.prefix}{name}"

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        BundleError
            If the manifest does not list it.
        """
        try:
            return self.files[f"{self.prefix}{name}"]
        except KeyError:
            sentence = f"{self.path(name)} is needed, but the manifest does not list it. {REMEDY}"
            raise BundleError(sentence) from None

    def json(self, name: str) -> Any:
        """A JSON file's content.

        Raises
        ------
        BundleError
            If it is not listed, or no JSON.
        """
        try:
            return parse_json(self.read(name))
        except ValueError as error:
            if isinstance(error, BundleError):
                raise
            raise BundleError(
                f"{self.path(name)} cannot be read ({reason(error, named=False)}). {REMEDY}"
            ) from error

    def part(self, prefix: str) -> Contents:
        """The files whose names begin with a prefix, named without it."""
        return Contents(self.folder, self.files, f"{self.prefix}{prefix}")


def read_contents(folder: Path, entries: Mapping[str, FileEntry]) -> dict[str, bytes]:
    """Read every file that the manifest lists.

    Raises
    ------
    BundleError
        Naming the file that is missing, truncated or edited, or that could be imported.
    """
    for name in entries:
        if Path(name).name != name or name in {"", ".", ".."} or "\\" in name or "\0" in name:
            raise BundleError(f"The manifest of {folder} lists {name!r}, which is no file's name.")
    _refuse_importable(folder, sorted(filter(is_importable, entries)))
    return {name: _verified(folder / name, entry) for name, entry in entries.items()}


def _verified(path: Path, entry: FileEntry) -> bytes:
    if not path.is_file():
        raise BundleError(f"{path} is missing from the saved model. {REMEDY}")
    size = path.stat().st_size
    if size != entry.bytes:
        sentence = f"{path} has {size} bytes instead of {entry.bytes}: it is truncated or edited."
        raise BundleError(f"{sentence} {REMEDY}")
    try:
        content = read_file(path, entry.bytes)
    except MemoryError as error:
        raise BundleError(f"{path} has {size:,} bytes, more than the memory holds.") from error
    except ValueError as error:
        raise BundleError(
            f"{path} cannot be read: {reason(error, named=False)}. {REMEDY}"
        ) from error
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise BundleError(f"{path} was edited or damaged after it was written. {REMEDY}")
    return content


def unnamed_files(folder: Path, named: set[str]) -> list[str]:
    """Files and folders in a saved model that its manifest does not name; none is opened.

    Raises
    ------
    BundleError
        If Python could import one of them.
    """
    unnamed: list[str] = []
    importable: list[str] = []
    for inner, folders, files in walk(folder):
        linked = [name for name in folders if (folder / inner / name).is_symlink()]
        unnamed += [str(inner / name) for name in files if inner.parts or name not in named]
        importable += [str(inner / name) for name in files if is_importable(name)]
        importable += [str(inner / name) for name in folders if name.casefold().endswith(_CACHES)]
        importable += [str(inner / name) for name in linked]  # of which the inside is not known
    _refuse_importable(folder, sorted(importable))
    return sorted(unnamed)


def is_importable(name: str) -> bool:
    """Whether Python could import a file, or would read it at startup."""
    return name.casefold().endswith(_IMPORTABLE)


def _refuse_importable(folder: Path, names: list[str]) -> None:
    if names:
        shown = first_names(names)
        sentence = (
            f"{folder} holds {shown}, which Python could import; no saved model has such files. "
            "Remove them, or get the model from where it was saved."
        )
        raise BundleError(sentence)
