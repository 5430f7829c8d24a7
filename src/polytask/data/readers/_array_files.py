"""Files of named arrays: numpy's ``.npz`` and ``.npy``, and MATLAB's ``.mat``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from polytask._listing import first_and_more
from polytask._reason import reason
from polytask.data.readers._array_table import array_table
from polytask.data.readers._frame_columns import array_columns
from polytask.data.readers._scanned import Scanned
from polytask.exceptions import DataError, SourceFileError

__all__ = ["read_mat", "read_npy", "read_npz"]

_FAULTS = (
    *(OSError, EOFError, ValueError, TypeError, KeyError, IndexError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, OverflowError, UnicodeError),
)
"""Errors of numpy and scipy about files that are not what their names say."""


def read_npz(path: Path, whole: Collection[str] = ()) -> Scanned:
    """Arrays of a file of numpy, by their names.

    Parameters
    ----------
    path : Path
    whole : collection of str
        Arrays (n, d) that stay one column.

    Raises
    ------
    SourceFileError
        If it cannot be read, an array holds Python objects, or none has rows.
    """
    with _sentences(path), path.open("rb") as handle:
        file = np.load(handle, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise SourceFileError(
                f"{path} holds one array without a name. Name it {path.with_suffix('.npy').name}."
            )
        with file:
            return array_table({name: _plain(path, name, file) for name in file.files}, whole)


def read_npy(path: Path, whole: Collection[str] = ()) -> Scanned:
    """The columns ``x0`` … of an array of numpy, or those of a structured one.

    Parameters
    ----------
    path : Path
    whole : collection of str
        Nothing, as the array has no name.

    Raises
    ------
    SourceFileError
        If it cannot be read, or holds Python objects.
    """
    del whole
    with _sentences(path), path.open("rb") as handle:
        return Scanned(array_columns(_plain(path, path.stem, handle)).lazy())


def _plain(path: Path, name: str, file: Any) -> np.ndarray:
    """An array of an open file without Python objects, which reading would have to run."""
    try:
        if isinstance(file, np.lib.npyio.NpzFile):
            return file[name]
        return np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" not in str(error):  # as numpy says of them
            raise
        sentence = (
            f"{path} cannot be read: its array {name!r} holds Python objects, which only pickle "
            "restores, and pickle may run any code. Save it as numbers, or as text with "
            ".astype(str)."
        )
        raise SourceFileError(sentence) from error


def read_mat(path: Path, whole: Collection[str] = ()) -> Scanned:
    """Variables of a file of MATLAB, by their names.

    Cells of text are text, and cells of numbers sequences; structures are left out.

    Parameters
    ----------
    path : Path
    whole : collection of str
        Variables (n, d) that stay one column.

    Raises
    ------
    SourceFileError
        If it cannot be read, is of version 7.3, or no variable has rows.
    """
    from scipy.io import loadmat

    with _sentences(path):
        try:
            found = loadmat(path)
        except NotImplementedError as error:  # of HDF5
            sentence = (
                f"{path} is a MATLAB file of version 7.3, which is not read. Save it as version 7: "
                "save(FILE, ..., '-v7')."
            )
            raise SourceFileError(sentence) from error
        given = {name: value for name, value in found.items() if not name.startswith("__")}
        arrays = {name: _variable(value) for name, value in given.items()}
        table = array_table(
            {name: array for name, array in arrays.items() if array is not None},
            whole,
            turned=True,
        )
    odd = [name for name, array in arrays.items() if array is None]
    left = [f"{first_and_more(odd)}: structures or mixed cells; left out"] if odd else []
    return table._replace(notes=(*left, *table.notes))


def _variable(value: Any) -> Any:
    """A variable as an array, or cells as text or as a list of sequences; None for others."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or dtype.names is not None or dtype.kind == "V":
        return None
    if dtype.kind != "O":
        return value
    cells = [_cell(cell) for cell in value.ravel()] if 1 in value.shape else [None]
    if all(isinstance(cell, str) for cell in cells):
        return np.array(cells, dtype=np.str_)
    return cells if all(isinstance(cell, np.ndarray) for cell in cells) else None


def _cell(cell: Any) -> Any:
    if not isinstance(cell, np.ndarray) or cell.dtype.kind not in "Uiufb":
        return None
    if cell.dtype.kind == "U":
        return str(cell.ravel()[0]) if cell.size == 1 else "" if not cell.size else None
    return cell.reshape(-1) if 1 in cell.shape or not cell.size else cell


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Errors of reading as one sentence about the file."""
    try:
        yield
    except SourceFileError:
        raise
    except DataError as error:
        raise SourceFileError(f"{path} cannot be read: {error}") from error
    except _FAULTS as error:
        sentence = f"{path} cannot be read: {reason(error, named=False)}."
        raise SourceFileError(sentence) from error
