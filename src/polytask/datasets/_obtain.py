"""Files of a public data set: at hand, in the cache, or from their source; checked."""

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
    """What an address gave is not the published file."""


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
    """Return where the checked files of a data set lie, downloading what is not at hand.

    Parameters
    ----------
    name : str
        The data set's name, for errors.
    files : sequence of PublicFile

    Raises
    ------
    DatasetUnavailableError
        If a file in POLYTASK_DATA is not the published one, or a file is neither at hand nor
        reachable; says what to do without a network.
    """
    found: list[Path] = []
    for position, file in enumerate(files):
        place = _in_data_folder(name, file) or _in_cache(file)
        if place is None:
            place, refusals = _from_source(file)
            if refusals:
                missing = [other for other in files[position:] if other.place() is None]
                raise DatasetUnavailableError(_explanation(name, missing or [file], refusals))
        found.append(place)
    return found


def _in_data_folder(name: str, file: PublicFile) -> Path | None:
    folder = data_folder()
    if folder is None or not (folder / file.path).is_file():
        return None
    place = folder / file.path
    problem = file.problem(place)
    if problem is not None:
        sentence = (
            f"{place} is not the published file of the data set {name!r}: {problem}; it must be "
            f"{file.sha256}. Replace it by {_address(file)}, or remove it to have it downloaded."
        )
        raise DatasetUnavailableError(sentence)
    return place


def _in_cache(file: PublicFile) -> Path | None:
    place = cache_folder() / file.path
    return place if place.is_file() and file.problem(place) is None else None


def _from_source(file: PublicFile) -> tuple[Path, list[str]]:
    """Try each address; the reasons why none served are empty when one did."""
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
    """The address that gives the file as it is, without an archive around it."""
    plain = [url for url in file.urls if "#" not in url]
    return (plain or list(file.urls))[0]
