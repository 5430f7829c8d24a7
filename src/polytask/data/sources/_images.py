"""Columns of images: which they are, their pixels, and what to say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from polytask._listing import count
from polytask.data.cells import ImageForm, family, innermost
from polytask.data.columns import unusable
from polytask.data.readers import Images, as_images, image_paths, looks_like_images
from polytask.data.sources._source import Source
from polytask.exceptions import DataError

__all__ = ["with_images"]

_SMALLEST = 8
"""Height and width from which a table of bytes may well be an image."""


def with_images(source: Source) -> tuple[Source, Mapping[str, str]]:
    """The source, whose columns of images are pixels; also a note on each, by column.

    Columns with a declared role are images only if that is ``"image"``.

    Raises
    ------
    DataError
        If an image cannot be read, or a column holds bytes that are no images.
    """
    reading, notes = source.reading, {}
    columns: list[pl.Series] = []
    inferred: list[str] = []
    for series in source.inputs.iter_columns():
        role = reading.roles.get(series.name)
        is_image = role == "image" or (role is None and looks_like_images(series, reading.folder))
        if is_image and series.null_count() < len(series):
            form = ImageForm.of(reading.images.get(series.name, ""))
            images = as_images(series, form, reading.folder)
            columns.append(images.cells)
            inferred += [series.name] * (role is None)
            notes[series.name] = "; ".join(_remarks(images, form, inferred=role is None))
            continue
        if family(series) == "bytes":
            raise DataError(unusable(series))
        columns.append(series)
        if role is None and (hint := _hint(series, reading.folder)):
            notes[series.name] = hint
    roles = {**reading.roles, **dict.fromkeys(inferred, "image")}
    reading = replace(reading, roles=roles, folder="")
    if not any(a is not b for a, b in zip(columns, source.inputs.iter_columns(), strict=True)):
        return replace(source, reading=reading), notes
    return replace(source, inputs=pl.DataFrame(columns), reading=reading), notes


def _remarks(images: Images, form: ImageForm, *, inferred: bool) -> Iterator[str]:
    cells = images.cells
    if cells.null_count() == len(cells):
        return
    channels, height, width = cells.dtype.shape  # type: ignore[attr-defined]
    color = {1: "gray", 3: "color"}.get(channels, f"{channels} channels")
    if images.bits is None:
        color += ", of floats, which are scaled by the mean and deviation of training rows"
    elif images.bits == 16:
        color += ", of 16 bits"
    changed = (height, width) != images.smallest or images.n_sizes > 1
    origin = {
        "files": "paths of images",
        "bytes": "bytes of image files",
        "arrays": "arrays, taken for images whose last axis is that of colors",
    }[images.origin]
    if inferred:
        yield (
            f"{origin}, learned as images of {height} x {width} pixels (height x width) in {color}; "
            "--column NAME:drop leaves them out"
        )
    elif images.origin != "arrays":
        yield f"images of {height} x {width} pixels (height x width) in {color}"
    if changed and form.size is None and images.smallest != (0, 0):
        sizes = "x".join(map(str, images.smallest))
        if images.n_sizes > 1:
            largest = "x".join(map(str, images.largest))
            sizes = f"{images.n_sizes:,} sizes, from {sizes} to {largest}"
        yield f"resized from {sizes}; --column NAME:image=HEIGHTxWIDTH for another size"
    if images.unreadable:
        row, fault = images.unreadable[0]
        yield (
            f"{count(len(images.unreadable), 'image')} cannot be read and "
            f"{'counts' if len(images.unreadable) == 1 else 'count'} as missing, first in row {row}: {fault}"
        )
    missing = cells.null_count() - len(images.unreadable)
    if missing:
        yield (f"{count(missing, 'row')} without an image, as if all of its pixels were the mean")


def _hint(series: pl.Series, folder: str) -> str:
    """Remark on a column that may be meant to be images; empty for most."""
    if family(series) == "text":
        paths = image_paths(series, folder)
        if paths is None or not paths.first_absent:
            return ""
        begins = "the working folder" if folder in {"", "."} else folder
        return (
            f"names of images that are not there, such as {paths.first_absent!r} (paths begin in "
            f"{begins}), learned as text; --column NAME:image once they are"
        )
    if family(series) != "tensors" or innermost(series) != pl.UInt8:
        return ""
    shape = series.dtype.shape  # type: ignore[attr-defined]
    if len(shape) == 2 and min(shape) >= _SMALLEST:
        return (
            f"arrays of {shape[0]} x {shape[1]} bytes, learned as numbers; --column NAME:image "
            "learns them as gray images"
        )
    return ""
