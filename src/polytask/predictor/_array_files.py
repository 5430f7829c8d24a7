"""Checks of arrays in a zip archive: sizes against the bytes, before anything is allocated."""

from __future__ import annotations

import io
import re
from math import prod
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.lib import format as npy

__all__ = ["check_archive", "check_array", "uncompressed"]

_KINDS = "biufcSU"
_NAMES = re.compile(r"schema\.json|\d+\.np[yz]|[a-z_]+\.npy")
_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def check_archive(archive: ZipFile, size: int) -> None:
    """Raise unless a zip archive holds plain uncompressed entries, each once.

    Uncompressed entries cannot claim more bytes than the archive has.

    Parameters
    ----------
    archive : ZipFile
    size : int
        Bytes of the archive.

    Raises
    ------
    ValueError
    """
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    strange = [name for name in names if not _NAMES.fullmatch(name)]
    if strange or len(set(names)) < len(names):
        raise ValueError(f"its entries are not those of a saved model: {names[:5]}")
    if any(entry.compress_type != ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        raise ValueError("an entry is compressed or encrypted")
    if any(entry.file_size != entry.compress_size for entry in entries) or (
        sum(entry.file_size for entry in entries) > size
    ):
        raise ValueError("its entries claim more bytes than there are")


def check_array(name: str, content: bytes) -> None:
    """Raise unless a ``.npy`` file, or every one in a ``.npz`` archive, is as large as it claims.

    Raises
    ------
    ValueError
    """
    if name.endswith(".npz"):
        with ZipFile(io.BytesIO(content)) as archive:
            check_archive(archive, len(content))
            for inner in archive.namelist():
                check_array(inner, archive.read(inner))
        return
    buffer = io.BytesIO(content)
    version = npy.read_magic(buffer)
    if version not in _READERS:
        raise ValueError(f"the array {name} has the version {version}")
    shape, _, dtype = _READERS[version](buffer)
    if not _is_plain(dtype) or min(shape, default=0) < 0:
        raise ValueError(f"the array {name} has the type {dtype} and the shape {shape}")
    if prod(shape) * dtype.itemsize != len(content) - buffer.tell():
        raise ValueError(f"the array {name} claims more or fewer bytes than there are")


def _is_plain(dtype: np.dtype) -> bool:
    """Whether a type is of numbers or texts, or of records of numbers."""
    if dtype.names is not None:
        fields = [field[0] for field in (dtype.fields or {}).values()]
        return all(field.kind in "biuf" and field.subdtype is None for field in fields)
    return dtype.kind in _KINDS and dtype.itemsize > 0


def uncompressed(content: bytes) -> bytes:
    """The same archive, and the archives in it, without compression."""
    fresh = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(fresh, "w", ZIP_STORED) as new:
        for name in old.namelist():
            inner = old.read(name)
            new.writestr(name, uncompressed(inner) if name.endswith(".npz") else inner)
    return fresh.getvalue()
