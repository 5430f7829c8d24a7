"""Images from arrays: their axes, channels and size."""

from __future__ import annotations

import numpy as np
import polars as pl
from jaxtyping import UInt8

from polytask.data.cells import ImageForm
from polytask.data.readers._image_files import resized
from polytask.data.readers._images import Images, image_series
from polytask.exceptions import DataError

__all__ = ["has_colors_last", "images_of_arrays", "resized_images"]


def has_colors_last(series: pl.Series) -> bool:
    """Whether the last of three axes, and not the first, can be that of colors."""
    shape = tuple(series.dtype.shape)  # type: ignore[attr-defined]
    return len(shape) == 3 and shape[2] in {1, 3, 4} and shape[0] not in {1, 3, 4}


def images_of_arrays(series: pl.Series, form: ImageForm) -> Images:
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
    elif has_colors_last(series):
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
    return Images(image_series(series.name, full, there), "arrays", 1, before, before)


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
