"""Columns of images: files, bytes or arrays as pixels of one size."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl
from jaxtyping import Int64, UInt8

from polytask._listing import count
from polytask._validation import describe
from polytask.data.cells import MISSING, ImageForm, family, innermost
from polytask.data.readers._image_files import (
    IMAGE_SUFFIXES,
    Look,
    UnreadableError,
    decoded,
    decoded_labels,
    is_image_bytes,
    looked_at,
    pillow_quiet,
    resized,
)
from polytask.data.readers._object_arrays import kept_where
from polytask.exceptions import DataError

__all__ = ["Images", "as_images", "image_paths", "looks_like_images", "resized_images"]

_LONGEST = 256
"""Height and width that are inferred at most."""
_SAMPLE = 100
_FEW = 32
"""Images that are read without threads."""
_THREADS = 8
_SILENT_SECONDS = 2.0
_MOST_BYTES = 1 << 34
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Images:
    """A column as images of one size, and how it became so.

    Parameters
    ----------
    cells : polars.Series
        Bytes of shape (channels, height, width); null where there is no image.
    origin : {"files", "bytes", "arrays"}
    n_sizes : int
        How many sizes the images had.
    smallest, largest : (int, int)
        Height and width of the images of fewest and most pixels, before they were resized.
    unreadable : tuple of (int, str)
        Rows whose image cannot be read, with the reason.
    """

    cells: pl.Series
    origin: str
    n_sizes: int = 1
    smallest: tuple[int, int] = (0, 0)
    largest: tuple[int, int] = (0, 0)
    unreadable: tuple[tuple[int, str], ...] = field(default=(), repr=False)


class _Found(NamedTuple):
    """Paths of images among text."""

    share: float
    first_absent: str


def looks_like_images(series: pl.Series, folder: str) -> bool:
    """Whether a column that is not declared to be anything holds images.

    Text does if all of a sample of cells end like names of image files, and most of these are
    there; bytes if all of a sample begin like such files; arrays of bytes if they are of three axes
    of which the last has one, three or four numbers, and not the first.
    """
    holds = family(series)
    if holds == "text":
        paths = image_paths(series, folder)
        return paths is not None and paths.share >= 0.5
    present = series.drop_nulls()
    if holds == "bytes":
        return all(map(is_image_bytes, _sample(present)))
    return holds == "tensors" and innermost(series) == pl.UInt8 and _has_colors_last(series)


def _has_colors_last(series: pl.Series) -> bool:
    shape = tuple(series.dtype.shape)  # type: ignore[attr-defined]
    return len(shape) == 3 and shape[2] in {1, 3, 4} and shape[0] not in {1, 3, 4}


def image_paths(series: pl.Series, folder: str) -> _Found | None:
    """Share of a sample of paths of images that are there, and the first that is not.

    None if the cells do not look like paths of images.
    """
    cells = [str(cell).strip() for cell in _sample(series.drop_nulls())]
    if not cells or not all(cell.casefold().endswith(IMAGE_SUFFIXES) for cell in cells):
        return None
    there = [_is_there(Path(folder, cell)) for cell in cells]
    absent = [cell for cell, is_there in zip(cells, there, strict=True) if not is_there]
    return _Found(sum(there) / len(there), absent[0] if absent else "")


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # of a name with a zero byte, or too long
        return False


def _sample(present: pl.Series) -> list[Any]:
    return present[:: -(-len(present) // _SAMPLE) or 1].to_list()


def as_images(
    series: pl.Series,
    form: ImageForm,
    folder: str = "",
    *,
    fitted: bool = False,
    labels: bool = False,
) -> Images:
    """Read a column of paths, bytes or arrays as images of one size.

    Parameters
    ----------
    series : polars.Series
    form : ImageForm
    folder : str
        Where relative paths begin.
    fitted : bool
        Whether a model was fitted on the column, whose form cannot be declared any more.
    labels : bool
        Whether pixels are labels, of which the numbers are kept: arrays (height, width).

    Raises
    ------
    DataError
        Naming the first row whose image cannot be read, unless such count as missing.
    """
    if family(series) == "tensors":
        return _of_arrays(series, form)
    owner = _Owner(series.name, folder)
    cells, codes = _distinct(series)
    files = [cell if isinstance(cell, bytes) else Path(folder, cell) for cell in cells]
    origin = "bytes" if family(series) == "bytes" else "files"
    if not files:
        return Images(pl.Series(series.name, [None] * len(series), dtype=pl.Null), origin)
    with pillow_quiet():
        looks, faults = _looks(files, form, owner)
        size, channels = _settled(list(looks.values()), form)
        if labels and form.size is None:
            size = _only_size(series.name, list(looks.values())) or size
        channels = 1 if labels else channels
        dtype = np.dtype(np.int32 if labels else np.uint8)
        _check_memory(series.name, len(series), size, channels * dtype.itemsize)
        pixels = np.zeros((len(files), channels, *size), dtype=dtype)

        def fill(index: int) -> str:
            file = files[index]
            try:
                pixels[index] = (
                    decoded_labels(file, size) if labels else decoded(file, size, channels)
                )
            except UnreadableError as error:
                return str(error)
            return ""

        kept = [index for index in range(len(files)) if index not in faults]
        found = zip(kept, _each(fill, kept, f"reading {series.name}"), strict=True)
        faults |= {index: fault for index, fault in found if fault}
    unreadable = _unreadable(codes, cells, faults)
    if unreadable and not form.missing:
        raise DataError(_refusal(owner, unreadable, fitted=fitted))
    if form.channels is None and channels == 3 and _is_gray(pixels):
        pixels = np.ascontiguousarray(pixels[:, :1])
    sizes = sorted(
        {look[:2] for look in looks.values()}, key=lambda size: (size[0] * size[1], size)
    )
    there = (codes >= 0) & ~np.isin(codes, list(faults))
    gathered = pixels if np.array_equal(codes, np.arange(len(pixels))) else pixels[codes]
    return Images(
        _series(series.name, gathered[:, 0] if labels else gathered, there),
        origin,
        len(sizes),
        sizes[0] if sizes else size,
        sizes[-1] if sizes else size,
        unreadable,
    )


class _Owner(NamedTuple):
    """The column, and where its paths begin, for errors."""

    column: str
    folder: str


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


def _looks(
    files: Sequence[Path | bytes], form: ImageForm, owner: _Owner
) -> tuple[dict[int, Look], dict[int, str]]:
    """Headers of the images, and what is wrong with others; none if size and colors are known."""
    if form.size is not None and form.channels is not None:
        return {}, {}

    def look(file: Path | bytes) -> Look | str:
        try:
            return looked_at(file)
        except UnreadableError as error:
            return str(error)

    found = list(_each(look, files, f"looking at {owner.column}"))
    looks = {index: each for index, each in enumerate(found) if isinstance(each, Look)}
    return looks, {index: each for index, each in enumerate(found) if isinstance(each, str)}


def _settled(looks: Sequence[Look], form: ImageForm) -> tuple[tuple[int, int], int]:
    """Height and width, and channels: as declared, or those of the middle image."""
    size, channels = form.size, form.channels
    if size is None:
        heights = [look.height for look in looks] or [1]
        widths = [look.width for look in looks] or [1]
        height, width = float(np.median(heights)), float(np.median(widths))
        factor = min(1.0, _LONGEST / max(height, width))
        size = max(round(height * factor), 1), max(round(width * factor), 1)
    if channels is None:
        channels = 1 if all(look.gray for look in looks) else 3
    return size, channels


def _only_size(column: str, looks: Sequence[Look]) -> tuple[int, int] | None:
    """The one size of images of labels, which are not resized unless that is declared."""
    sizes = sorted({(look.height, look.width) for look in looks})
    if len(sizes) > 1:
        first, last = (f"{height} x {width}" for height, width in (sizes[0], sizes[-1]))
        sentence = (
            f"Column {column!r} holds labels of pixels in {len(sizes):,} sizes, such as {first} and {last}. "
            f"Declare one, in which images and labels are read: --column NAME,{column}:image=64x64."
        )
        raise DataError(sentence)
    return sizes[0] if sizes else None


def _check_memory(column: str, n_rows: int, size: tuple[int, int], bytes_of_pixel: int) -> None:
    """Raise if the images of all rows, which may have one file in common, are too large."""
    needed = n_rows * bytes_of_pixel * size[0] * size[1]
    if needed > _MOST_BYTES:
        sentence = (
            f"Column {column!r} holds {n_rows:,} images, which take {needed / 2**30:,.0f} GiB of memory "
            f"in the size of {size[0]} x {size[1]}. Choose a smaller one, such as "
            f"--column {column}:image=64x64."
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
        what = f"its {len(cell):,} bytes" if isinstance(cell, bytes) else describe(cell, 80)
        named.append((row, f"{what} {faults[code]}"))
    return tuple(named)


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


def _is_gray(pixels: UInt8[np.ndarray, "n c h w"]) -> bool:
    """Whether red, green and blue are equal in all images."""
    step = 256
    for first in range(0, len(pixels), step):
        some = pixels[first : first + step]
        if (some[:, :1] != some[:, 1:]).any():
            return False
    return True


def _of_arrays(series: pl.Series, form: ImageForm) -> Images:
    """Arrays as images: (height, width), or with channels first, or last."""
    shape = tuple(series.dtype.shape)  # type: ignore[attr-defined]
    if len(shape) not in {2, 3}:
        sentence = (
            f"Column {series.name!r} was declared to be an image, but holds arrays of {len(shape)} "
            f"{'axis' if len(shape) == 1 else 'axes'}. Give height and width, or channels, height and "
            "width."
        )
        raise DataError(sentence)
    there = series.is_not_null().to_numpy()
    cells = series.drop_nulls().to_numpy()
    if len(shape) == 2:
        cells = cells[:, None]
    elif _has_colors_last(series):
        cells = np.moveaxis(cells, 3, 1)
    channels, *size = cells.shape[1:]
    before = (size[0], size[1])
    if cells.dtype != np.uint8 and (form.channels or form.size not in {None, before}):
        sentence = (
            f"Column {series.name!r} holds arrays of {cells.dtype}, which are read as they are. Give bytes "
            "from 0 to 255 (uint8), or leave out their size and color."
        )
        raise DataError(sentence)
    if channels in {2, 4} and cells.dtype == np.uint8 and form.channels:
        cells, channels = cells[:, : channels - 1], channels - 1
    cells = _with_channels(series.name, cells, form.channels or channels)
    if form.size is not None and form.size != before:
        cells = np.stack([resized(np.ascontiguousarray(image), form.size) for image in cells])
    full = cells
    if not there.all():
        full = np.zeros((len(series), *cells.shape[1:]), dtype=cells.dtype)
        full[there] = cells
    return Images(_series(series.name, full, there), "arrays", 1, before, before)


def _with_channels(column: str, cells: np.ndarray, channels: int) -> np.ndarray:
    """Images of bytes as gray ones, or in color."""
    held = cells.shape[1]
    if held == channels:
        return cells
    if held == 1 and channels == 3:
        return np.repeat(cells, 3, axis=1)
    if held == 3 and channels == 1:  # as Pillow weighs red, green and blue
        red, green, blue = (cells[:, index].astype(np.uint32) for index in range(3))
        gray = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
        return gray.astype(np.uint8)[:, None]
    sentence = (
        f"Column {column!r} holds images of {held} channels, of which {channels} cannot be made. Leave "
        "out gray or color."
    )
    raise DataError(sentence)


def resized_images(
    column: str, cells: UInt8[np.ndarray, "n c h w"], shape: tuple[int, ...]
) -> np.ndarray:
    """Images of bytes in another shape (channels, height, width)."""
    channels, *size = shape
    cells = _with_channels(column, cells, channels)
    if cells.shape[2:] == tuple(size):
        return cells
    each = [resized(np.ascontiguousarray(image), (size[0], size[1])) for image in cells]
    return np.stack(each) if each else np.zeros((0, *shape), dtype=np.uint8)


def _series(name: str, cells: np.ndarray, there: np.ndarray) -> pl.Series:
    return kept_where(pl.Series(name, np.ascontiguousarray(cells)), there)


def _each(
    function: Callable[[_Item], _Result], items: Sequence[_Item], what: str
) -> Iterator[_Result]:
    """The function's value of each item, by threads; with a bar on a terminal if it takes long."""
    if len(items) <= _FEW:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        yield from _with_bar(pool.map(function, items), len(items), what)


def _with_bar(results: Iterable[_Result], total: int, what: str) -> Iterator[_Result]:
    shown = sys.stderr is not None and sys.stderr.isatty()
    started, bar, line = time.monotonic(), None, None
    try:
        for done, result in enumerate(results):
            yield result
            if shown and bar is None and time.monotonic() - started > _SILENT_SECONDS:
                bar = _bar()
                line = bar.add_task(what, total=total)
            if bar is not None:
                bar.update(line, completed=done + 1)
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    bar.start()
    return bar
