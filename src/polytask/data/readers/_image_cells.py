"""Columns of paths, bytes or arrays as images of one size."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl
from jaxtyping import Int64, Real

from polytask._listing import count
from polytask._validation import describe
from polytask.data.cells import MISSING, ImageForm, family
from polytask.data.readers._image_arrays import images_of_arrays
from polytask.data.readers._image_files import (
    Look,
    UnreadableError,
    decoded,
    decoded_labels,
    looked_at,
    pillow_quiet,
)
from polytask.data.readers._image_target import Fitted, ImageTarget, check_memory, image_target
from polytask.data.readers._images import Images, image_series
from polytask.data.readers._progress import with_bar
from polytask.exceptions import DataError

__all__ = ["as_images"]

_FEW = 32
"""Images that are read without threads."""
_THREADS = 8
_LONGEST_PATH = 100
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def as_images(
    series: pl.Series,
    form: ImageForm,
    folder: str = "",
    *,
    fitted: Fitted | None = None,
    labels: bool = False,
) -> Images:
    """Read a column of paths, bytes or arrays as images of one size.

    Parameters
    ----------
    series : polars.Series
    form : ImageForm
    folder : str
        Where relative paths begin.
    fitted : Fitted, optional
        What a model knows that was fitted on the column, whose form cannot be declared any more;
        pixels of 8 and 16 bits are brought to its number of bits. By default that of the deepest
        image.
    labels : bool
        Whether pixels are labels, of which the numbers are kept: arrays (height, width).

    Raises
    ------
    DataError
        Naming the first row whose image cannot be read, unless such count as missing.
    """
    if family(series) == "tensors":
        return images_of_arrays(series, form)
    owner = _Owner(series.name, folder)
    cells, codes = _distinct(series)
    files = [cell if isinstance(cell, bytes) else Path(folder, cell) for cell in cells]
    origin = "bytes" if family(series) == "bytes" else "files"
    if not files:
        return Images(pl.Series(series.name, [None] * len(series), dtype=pl.Null), origin)
    with pillow_quiet():
        looks, faults = _looks(files, owner)
        if not labels:
            _check_scale(owner, codes, cells, looks)
        target = image_target(series.name, list(looks.values()), form, fitted, labels=labels)
        check_memory(series.name, len(series), target)
        pixels, damaged = _decoded(files, list(looks), target, series.name)
        faults |= damaged
    unreadable = _unreadable(codes, cells, faults)
    if unreadable and not form.missing:
        raise DataError(_refusal(owner, unreadable, fitted=fitted is not None))
    if form.channels is None and target.channels == 3 and _is_gray(pixels):
        pixels = np.ascontiguousarray(pixels[:, :1])
    there = (codes >= 0) & ~np.isin(codes, list(faults))
    gathered = pixels if np.array_equal(codes, np.arange(len(pixels))) else pixels[codes]
    sizes = sorted({look[:2] for look in looks.values()}, key=lambda size: (math.prod(size), size))
    return Images(
        image_series(series.name, gathered[:, 0] if labels else gathered, there),
        origin,
        len(sizes),
        sizes[0] if sizes else target.size,
        sizes[-1] if sizes else target.size,
        unreadable,
        target.bits,
    )


class _Owner(NamedTuple):
    """The column, and where its paths begin, for errors."""

    column: str
    folder: str


def _decoded(
    files: Sequence[Path | bytes], kept: Sequence[int], target: ImageTarget, column: str
) -> tuple[Real[np.ndarray, "n c h w"], dict[int, str]]:
    """Pixels of the files at some positions, and what is wrong with those that are damaged."""
    size, channels, dtype = target.size, target.channels, target.dtype
    pixels = np.zeros((len(files), channels, *size), dtype=dtype)

    def fill(index: int) -> str:
        file = files[index]
        try:
            pixels[index] = (
                decoded_labels(file, size)
                if target.labels
                else decoded(file, size, channels, dtype)
            )
        except UnreadableError as error:
            return str(error)
        return ""

    by_image = zip(kept, _each(fill, kept, f"reading {column}"), strict=True)
    return pixels, {index: fault for index, fault in by_image if fault}


def _distinct(series: pl.Series) -> tuple[list[str] | list[bytes], Int64[np.ndarray, " n"]]:
    """Distinct cells in order, and the position of each row's among them; −1 where missing."""
    if family(series) == "bytes":
        cells = series
    else:
        text = series.cast(pl.String).str.strip_chars()
        missing = pl.col(text.name).is_in(list(MISSING))
        cells = (
            text.to_frame()
            .select(pl.when(~missing).then(pl.col(text.name)).name.keep())
            .to_series()
        )
    distinct = cells.drop_nulls().unique(maintain_order=True)
    positions = pl.DataFrame([distinct.alias("cell")]).with_row_index("position")
    rows = (
        cells.alias("cell").to_frame().join(positions, on="cell", how="left", maintain_order="left")
    )
    codes = rows["position"].cast(pl.Int64).fill_null(-1).to_numpy()
    return distinct.to_list(), codes


def _looks(files: Sequence[Path | bytes], owner: _Owner) -> tuple[dict[int, Look], dict[int, str]]:
    """Headers of the images, and what is wrong with others."""

    def look(file: Path | bytes) -> Look | str:
        try:
            return looked_at(file)
        except UnreadableError as error:
            return str(error)

    headers = list(_each(look, files, f"looking at {owner.column}"))
    looks = {index: each for index, each in enumerate(headers) if isinstance(each, Look)}
    return looks, {index: each for index, each in enumerate(headers) if isinstance(each, str)}


def _check_scale(
    owner: _Owner,
    codes: Int64[np.ndarray, " n"],
    cells: Sequence[Any],
    looks: dict[int, Look],
) -> None:
    """Raise if some images hold floats, and others bytes or whole numbers."""
    floats = [index for index, look in looks.items() if look.bits is None]
    others = [index for index, look in looks.items() if look.bits is not None]
    if not floats or not others:
        return
    rows = [int(np.flatnonzero(codes == index)[0]) for index in (floats[0], others[0])]
    names = [
        "of bytes" if isinstance(cells[index], bytes) else _path(cells[index])
        for index in (floats[0], others[0])
    ]
    sentence = (
        f"Column {owner.column!r}, row {rows[0]}: the image {names[0]} holds floats, and {names[1]} in "
        f"row {rows[1]} does not. They have no scale in common. Save all of them as floats (TIFF), or "
        "none."
    )
    raise DataError(sentence)


def _unreadable(
    codes: Int64[np.ndarray, " n"], cells: Sequence[Any], faults: dict[int, str]
) -> tuple[tuple[int, str], ...]:
    """Rows whose image cannot be read, with the reason."""
    rows = np.flatnonzero(np.isin(codes, list(faults)))
    named = []
    for row in rows.tolist():
        code = int(codes[row])
        cell = cells[code]
        what = f"its {len(cell):,} bytes" if isinstance(cell, bytes) else _path(cell)
        named.append((row, f"{what} {faults[code]}"))
    return tuple(named)


def _path(cell: str) -> str:
    """A path in quotes; of a long one the end, which names the file."""
    return describe(cell if len(cell) <= _LONGEST_PATH else f"…{cell[1 - _LONGEST_PATH :]}", 200)


def _refusal(owner: _Owner, unreadable: Sequence[tuple[int, str]], *, fitted: bool) -> str:
    (row, fault), number = unreadable[0], len(unreadable)
    where = ""
    if fault.endswith("is not there"):
        begins = f"the folder {owner.folder!r}" if owner.folder not in {"", "."} else "this folder"
        where = f" (paths begin in {begins})"
    more = f", and {count(number - 1, 'more image')} cannot be read" if number > 1 else ""
    declared = ""
    if not fitted:
        declared = (
            f"; or declare the column as {owner.column}:image=missing, so that all such images do; or "
            f"leave the column out ({owner.column}:drop)"
        )
    return (
        f"Column {owner.column!r}, row {row}: the image {fault}{where}{more}. Mend it, or empty the "
        f"cell, so that it counts as missing{declared}."
    )


def _is_gray(pixels: Real[np.ndarray, "n c h w"]) -> bool:
    """Whether red, green and blue are equal in all images."""
    step = 256
    for first in range(0, len(pixels), step):
        some = pixels[first : first + step]
        if (some[:, :1] != some[:, 1:]).any():
            return False
    return True


def _each(
    function: Callable[[_Item], _Result], items: Sequence[_Item], what: str
) -> Iterator[_Result]:
    """The function's value of each item, by threads; with a bar on a terminal if it takes long."""
    if len(items) <= _FEW:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        yield from with_bar(pool.map(function, items), len(items), what)
