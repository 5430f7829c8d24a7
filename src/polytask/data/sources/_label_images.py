"""Images whose pixels are the labels of another image's pixels."""

from __future__ import annotations

import polars as pl

from polytask.data.cells import ImageForm, Reading, family
from polytask.data.readers import as_images, image_paths, looks_like_images
from polytask.tasks import Kind, Task

__all__ = ["label_images"]


def label_images(task: Task, series: pl.Series, reading: Reading) -> pl.Series:
    """A target column of paths or bytes of images as arrays of numbers; other columns as they are.

    Parameters
    ----------
    task : Task
        Only those whose kind labels pixels have such columns.
    series : polars.Series
    reading : Reading
        What the columns were declared to be, and where paths begin.

    Raises
    ------
    DataError
        If an image cannot be read, unless such are declared to be missing, or is in color.
    """
    if not (isinstance(task.kind, Kind) and task.kind.form == "map"):
        return series
    role = reading.roles.get(series.name)
    if family(series) not in {"text", "bytes"}:
        return series
    if role != "image" and not _may_be_images(series, reading.folder):
        return series
    form = ImageForm.of(reading.images.get(series.name, ""))
    return as_images(series, form, reading.folder, labels=True).cells


def _may_be_images(series: pl.Series, folder: str) -> bool:
    """Whether there are images, or text ends like their names: an error then says which is absent."""
    if family(series) == "text":
        return image_paths(series, folder) is not None
    return looks_like_images(series, folder)
