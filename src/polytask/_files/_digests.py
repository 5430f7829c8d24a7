"""Digests of files, of folders and of plain values."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polytask._files._trees import walk

__all__ = ["digest", "sealed", "sha256", "unsealed"]


def sha256(path: Path) -> str:
    """Return the hexadecimal digest of a file's content.

    Raises
    ------
    OSError
        If it is missing, or a pipe or a device, which may never end.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", str(path))
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(path: Path) -> str:
    """The digest of a file, or of a folder with the names and contents of all in it.

    Raises
    ------
    OSError
        If it is missing.
    """
    if not path.is_dir():
        return sha256(path)
    names = sorted((inner / name).as_posix() for inner, _, files in walk(path) for name in files)
    files = [(name, sha256(path / name)) for name in names]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def sealed(values: Mapping[str, Any], *, but: str = "") -> dict[str, Any]:
    """The values with a digest of them as ``sha256``.

    Parameters
    ----------
    values : mapping
        Plain values for JSON.
    but : str, optional
        Leave out of the digest, at any depth, keys that start like this.
    """
    return {**values, "sha256": _seal(values, but)}


def unsealed(values: object, *, but: str = "") -> dict[str, Any]:
    """The values without their digest.

    Raises
    ------
    ValueError
        If these are no names and values, or the digest is missing or is not theirs.
    """
    if not isinstance(values, Mapping):
        raise ValueError("it does not hold names and values")
    bare = {key: value for key, value in values.items() if key != "sha256"}
    if values.get("sha256") != _seal(bare, but):
        raise ValueError("it was edited or damaged after it was written")
    return bare


def _seal(values: Mapping[str, Any], but: str) -> str:
    text = json.dumps(_without(values, but) if but else values, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without(value: Any, start: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _without(v, start) for k, v in value.items() if not k.startswith(start)}
    if isinstance(value, list | tuple):
        return [_without(item, start) for item in value]
    return value
