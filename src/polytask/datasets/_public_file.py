"""Published files: path, digest and addresses."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

from polytask._files import sha256

__all__ = ["PublicFile", "cache_folder", "data_folder"]


@dataclass(frozen=True)
class PublicFile:
    """A file of a public data set, identified by its content.

    Parameters
    ----------
    path : str
        Path below the folder of data sets, such as ``"school/school_b.mat"``.
    size : int
        Size in bytes.
    sha256 : str
        Hexadecimal digest of its bytes.
    urls : tuple of str
        Addresses, the original source first. A fragment names a member of an archive, a second
        one a member of an inner archive: ``…/a.zip#b.tar.gz#c.data``.
    content_sha256 : str, optional
        Digest of the uncompressed content of a ``.gz`` file, independent of its compression.
    """

    path: str
    size: int
    sha256: str
    urls: tuple[str, ...]
    content_sha256: str | None = None

    def problem(self, candidate: Path) -> str | None:
        """Why `candidate` is not this file, as a sentence; None if it is."""
        digest = sha256(candidate)
        if digest == self.sha256:
            return None
        if self.content_sha256 is not None and _content_sha256(candidate) == self.content_sha256:
            return None
        size = candidate.stat().st_size
        if size < self.size:
            return f"it is cut short, {size} of {self.size} bytes"
        return f"its sha256 is {digest}"

    def local_path(self) -> Path | None:
        """Path of the file on this computer, its content unchecked; None if it is missing."""
        for folder in (data_folder(), cache_folder()):
            if folder is not None and (folder / self.path).is_file():
                return folder / self.path
        return None


def data_folder() -> Path | None:
    """The folder named by the environment variable POLYTASK_DATA, if set."""
    named = os.environ.get("POLYTASK_DATA")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Folder of downloads: POLYTASK_CACHE, or the platform's folder for caches."""
    named = os.environ.get("POLYTASK_CACHE")
    return Path(named).expanduser() if named else _platform_caches() / "polytask"


def _platform_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _content_sha256(packed: Path) -> str | None:
    try:
        with gzip.open(packed) as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except (OSError, EOFError, zlib.error):
        return None
