"""Columns that look like images, though they are not declared to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from polytask.data.cells import MISSING, family, innermost
from polytask.data.readers._image_arrays import has_colors_last
from polytask.data.readers._image_files import IMAGE_SUFFIXES, is_image_bytes

__all__ = ["image_paths", "looks_like_images"]

_SAMPLE = 100


class _Found(NamedTuple):
    """Paths of images among text."""

    share: float
    first_absent: str


def looks_like_images(series: pl.Series, folder: str) -> bool:
    """Whether a column that is not declared to be anything holds images.

    Text does if all of a sample of cells that are not missing end like names of image files, and
    most of these are there; bytes if all of a sample begin like such files; arrays of bytes if they are of three axes
    of which the last has one, three or four numbers, and not the first.
    """
    holds = family(series)
    if holds == "text":
        paths = image_paths(series, folder)
        return paths is not None and paths.share >= 0.5
    present = series.drop_nulls()
    if holds == "bytes":
        return all(map(is_image_bytes, _sample(present)))
    return holds == "tensors" and innermost(series) == pl.UInt8 and has_colors_last(series)


def image_paths(series: pl.Series, folder: str) -> _Found | None:
    """Share of a sample of paths of images that are there, and the first that is not.

    None if the cells do not look like paths of images.
    """
    text = series.cast(pl.String).str.strip_chars()
    cells = _sample(text.filter(text.is_in(list(MISSING)).not_()))
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
