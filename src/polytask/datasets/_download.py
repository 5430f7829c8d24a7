"""Downloads into files, with a time limit and a progress bar."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError

from rich.console import Console
from rich.progress import Progress

__all__ = ["download"]

_SECONDS = 30.0
_CHUNK = 1 << 16
_Stream = IO[bytes] | BufferedIOBase


def download(url: str, target: Path) -> None:
    """Download `url` into `target`.

    Parameters
    ----------
    url : str
        An address; its fragments name members of archives, from the outer to the inner.
    target : Path
        File to overwrite; if it ends in ``.gz``, a member of an archive is compressed again.

    Raises
    ------
    OSError
        If the server cannot be reached, refuses, or stops responding.
    http.client.HTTPException, zipfile.BadZipFile, tarfile.TarError, KeyError, EOFError
        If the response is incomplete, or is no archive with these members.
    """
    address, *members = url.split("#")
    if not members:
        with target.open("wb") as sink:
            _transfer(address, sink)
        return
    with tempfile.TemporaryFile() as archive:
        _transfer(address, archive)
        _extract(archive, members, target)


def _transfer(address: str, sink: IO[bytes]) -> None:
    console = Console(stderr=True)
    with (
        _open_address(address) as response,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        length = response.headers.get("Content-Length")
        bar = progress.add_task(address.rsplit("/", 1)[-1], total=float(length) if length else None)
        while chunk := response.read(_CHUNK):
            sink.write(chunk)
            progress.advance(bar, len(chunk))


def _open_address(address: str) -> Any:
    request = urllib.request.Request(address, headers={"User-Agent": "polytask"})  # noqa: S310 - our own addresses
    try:
        return urllib.request.urlopen(request, timeout=_SECONDS)  # noqa: S310 - the same
    except HTTPError as error:
        error.close()
        raise


def _extract(archive: _Stream, members: Sequence[str], target: Path) -> None:
    opener: Any = gzip.open if target.suffix == ".gz" else open
    with ExitStack() as stack:
        for name in members:
            archive = stack.enter_context(_member(archive, name))
        shutil.copyfileobj(archive, stack.enter_context(opener(target, "wb")))


@contextmanager
def _member(archive: _Stream, name: str) -> Iterator[_Stream]:
    archive.seek(0)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed, packed.open(name) as inner:
            yield inner
        return
    archive.seek(0)
    with tarfile.open(fileobj=archive) as folder:
        content = folder.extractfile(name)
        if content is None:
            raise KeyError(name)
        with content:
            yield content
