"""Checked files of public data sets: local, cached, or downloaded."""

from __future__ import annotations

import http.client
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from polytask._files import replacing
from polytask.datasets._download import download
from polytask.datasets._public_file import PublicFile, cache_folder, data_folder
from polytask.exceptions import DatasetUnavailableError

__all__ = ["obtain"]


class _OtherFileError(Exception):
    """A download that is not the published file."""


_FAILURES = (
    _OtherFileError,
    OSError,
    EOFError,
    KeyError,
    http.client.HTTPException,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


def obtain(name: str, files: Sequence[PublicFile]) -> list[Path]:
    """Return paths of the checked files of a data set, after downloading missing ones.

    Parameters
    ----------
    name : str
        The data set's name, for errors.
    files : sequence of PublicFile

    Raises
    ------
    DatasetUnavailableError
        If a file in POLYTASK_DATA is not the published one, or a file is neither available locally
        nor reachable; the sentence says what to do without a network.
    """
    paths: list[Path] = []
    for position, file in enumerate(files):
        path = _in_data_folder(name, file) or _in_cache(file)
        if path is None:
            path, refusals = _from_source(file)
            if refusals:
                missing = [other for other in files[position:] if other.local_path() is None]
                raise DatasetUnavailableError(_explanation(name, missing or [file], refusals))
        paths.append(path)
    return paths


def _in_data_folder(name: str, file: PublicFile) -> Path | None:
    folder = data_folder()
    if folder is None or not (folder / file.path).is_file():
        return None
    path = folder / file.path
    problem = file.problem(path)
    if problem is not None:
        sentence = (
            f"{path} is not the published file of the data set {name!r}: {problem}; it must be "
            f"{file.sha256}. Replace it by {_address(file)}, or remove it to have it downloaded."
        )
        raise DatasetUnavailableError(sentence)
    return path


def _in_cache(file: PublicFile) -> Path | None:
    path = cache_folder() / file.path
    return path if path.is_file() and file.problem(path) is None else None


def _from_source(file: PublicFile) -> tuple[Path, list[str]]:
    """Try each address; return the path, and the reasons if all of them failed."""
    target = cache_folder() / file.path
    refusals: list[str] = []
    for url in file.urls:
        host = urlsplit(url).netloc or url
        try:
            with replacing(target) as temporary:
                download(url, temporary)
                problem = file.problem(temporary)
                if problem is not None:
                    raise _OtherFileError(f"what came is not the published file: {problem}")
        except _FAILURES as error:
            refusals.append(f"{host}: {str(error) or type(error).__name__}")
        else:
            return target, []
    return target, refusals


def _explanation(name: str, missing: Sequence[PublicFile], refusals: Sequence[str]) -> str:
    folder = data_folder()
    looked = "POLYTASK_DATA, which is not set," if folder is None else f"POLYTASK_DATA={folder}"
    home = cache_folder() if folder is None else folder
    lines = [
        f"  {home / file.path}\n    from {_address(file)}\n    sha256 {file.sha256}"
        for file in missing
    ]
    return (
        f"The data set {name!r} is not at hand: looked in {looked} and in {cache_folder()}, and "
        f"its source could not be used ({'; '.join(refusals)}). Without a network, copy from a "
        "computer that has one:\n" + "\n".join(lines)
    )


def _address(file: PublicFile) -> str:
    """The address of the file itself, rather than of an archive, if there is one."""
    plain = [url for url in file.urls if "#" not in url]
    return (plain or list(file.urls))[0]
